"""Tests of restriction and erasure."""
