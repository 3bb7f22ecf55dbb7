"""Send a message to a person once. Knows nothing about courses."""
