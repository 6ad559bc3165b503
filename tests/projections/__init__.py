"""Specifications of the read models and of the engine that keeps them."""
