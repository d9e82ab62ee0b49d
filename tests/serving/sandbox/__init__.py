"""Tests of serving/sandbox."""
