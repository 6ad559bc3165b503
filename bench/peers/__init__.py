"""What others would have built instead, and what the framework, the library and the database reach alone."""
