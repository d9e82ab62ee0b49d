"""The summary of the log, and what it tells."""
