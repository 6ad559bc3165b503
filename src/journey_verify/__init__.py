"""A program that proves a log of customer journeys from its data alone; it knows nothing of the service."""
