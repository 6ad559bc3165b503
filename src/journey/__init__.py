"""What may happen between a customer and a financial institution, and the log of what did."""
