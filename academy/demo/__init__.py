"""A realistic academy, built by calling the real actions."""
