"""Tests of the program that proves a log."""
