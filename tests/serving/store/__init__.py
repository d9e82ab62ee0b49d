"""Tests of serving/store."""
