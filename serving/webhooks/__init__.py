"""Merchants are told what happens."""
