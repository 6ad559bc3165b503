"""Tests of how people and systems reach the service."""
