"""Tests of serving/degraded."""
