"""Tests of serving/policy."""
