"""How well a course works, for who writes it: where people stop, what they score, which questions are no good."""
