"""The routes of the HTTP interface, a few lines each, by what they are about."""
