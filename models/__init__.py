"""Numbers become a risk and a decision: the released model and the policy, pure."""
