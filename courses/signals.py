"""Sent once per Completion, inside its transaction. `certificates` listens; `courses` does not know it exists."""

from django.dispatch import Signal

# Keyword argument: completion, the Completion just recorded.
course_completed = Signal()
