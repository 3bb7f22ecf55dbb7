"""Sent once per action, inside its transaction; `courses` corrects its mirrors of unit and agency."""

from django.dispatch import Signal

# Keyword argument: person_ids, the primary keys of the people whose unit changed.
placed = Signal()
