"""What the worker does for courses without being asked."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from courses import assigning, attempts


@shared_task
def close_expired_attempts() -> None:
    """Every minute: grade the attempts whose time ran out while nobody looked."""
    attempts.close_expired_attempts(at=timezone.now())


@shared_task
def assign(assignment_id: int) -> None:
    """Enrol the people of a confirmed assignment; what is left undone stays owed, and the sweep finds it."""
    assigning.carry_on(assignment_id, clock=timezone.now)


@shared_task
def carry_on_assignments() -> None:
    """The sweep, every minute."""
    assigning.sweep(clock=timezone.now)
