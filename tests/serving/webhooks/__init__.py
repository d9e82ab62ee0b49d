"""Tests of serving/webhooks."""
