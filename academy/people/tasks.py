"""What the clock asks of this room."""

from celery import shared_task
from django.utils import timezone

from academy.people.placements import mirror_placements_that_came


@shared_task
def mirror_placements() -> None:
    """A placement recorded ahead takes effect on its day."""
    mirror_placements_that_came(today=timezone.localdate())
