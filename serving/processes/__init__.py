"""The processes that one server is made of."""
