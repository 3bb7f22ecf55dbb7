"""What the clock asks of this room, and the work on imports."""

from celery import shared_task
from django.utils import timezone

from academy.people.placements import mirror_placements_that_came
from academy.people.roster import files, jobs


@shared_task
def mirror_placements() -> None:
    """A placement recorded ahead takes effect on its day."""
    mirror_placements_that_came(today=timezone.localdate())


@shared_task
def work_on_import(job_id: int) -> None:
    jobs.work_on(job_id, at=timezone.now())


@shared_task
def work_on_owed_imports() -> None:
    """The sweep: what no message announced, and what a worker left behind when it died."""
    jobs.sweep(at=timezone.now())


@shared_task
def delete_old_import_files() -> None:
    files.sweep(at=timezone.now())
