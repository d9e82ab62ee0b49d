"""Tests of serving/upkeep."""
