"""Tests of serving/shops."""
