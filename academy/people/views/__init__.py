"""Pages of the people room: thin doors to its actions."""
