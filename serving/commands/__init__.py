"""What operators type: each command of serving, a few lines over what does it."""
