"""What the service does by itself: each policy is a pure function in a module of its own."""
