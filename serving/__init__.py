"""A new order becomes an action: API, store, pages, messages, worker."""
