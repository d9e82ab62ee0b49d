"""What became of parcels: handed over, scanned, delivered or back."""
