"""Background work of reports: doors to exports, counting and the recount. What fails stays owed, and a sweep finds it."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from academy import doorbell
from academy.reports import reconciliation
from academy.reports.exports import jobs
from academy.reports.rollup import refreshing


@shared_task
def make_next_export() -> None:
    """One file, and another message as long as there was one: imports and archives have their turns in between."""
    if jobs.work_on_next(clock=timezone.now):
        doorbell.ring(make_next_export)


@shared_task
def delete_old_exports() -> None:
    jobs.tidy(at=timezone.now())


@shared_task
def check_numbers() -> None:
    """Asked often, works once a night, and when an operator asks: a worker that was busy at two does it later."""
    reconciliation.work(clock=timezone.now)


@shared_task
def count_agencies() -> None:
    """A round: what it does not get to is the first of the next."""
    refreshing.refresh(at=timezone.now())
