"""Shop systems whose orders come in by themselves, and what is written back to them."""
