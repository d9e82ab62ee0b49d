"""Tests of training/importing."""
