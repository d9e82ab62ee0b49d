"""The log and its projections on SQLite; all SQL of the service is in this package."""
