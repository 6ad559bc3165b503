"""Tests of what is proven."""
