"""What became of earlier orders, as integer counts known at the moment an order is placed."""
