"""Tests of serving/payments."""
