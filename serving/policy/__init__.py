"""A merchant's policy: the one in force, and saving the next."""
