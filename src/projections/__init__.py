"""What follows from the log: read models, and the engine that keeps them."""
