"""Decisions while the log is out of reach."""
