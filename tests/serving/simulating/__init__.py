"""Tests of serving/simulating."""
