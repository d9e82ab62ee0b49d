"""Tests of serving/conversation."""
