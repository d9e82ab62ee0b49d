"""Tests of serving/commands."""
