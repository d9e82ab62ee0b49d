"""Customers pay in advance: links made, paid, cancelled, paid back."""
