"""The merchant's pages, rendered by a process of their own."""
