"""Tests of time limits."""
