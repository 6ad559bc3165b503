"""Tests of what may happen in a journey and of the log of what did."""
