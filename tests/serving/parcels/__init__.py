"""Tests of serving/parcels."""
