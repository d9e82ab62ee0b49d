"""Tests of training/world."""
