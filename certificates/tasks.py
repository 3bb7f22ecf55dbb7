"""Background work of certificates: doors to `issuing` and to archives. What fails stays owed, and a sweep finds it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from academy import doorbell, whole_files
from certificates import issuing, reminders
from certificates.archives import jobs
from courses.models import Completion

AT_MOST = 100  # a sweep ends well before the leases it takes


@shared_task
def issue_certificate(completion_id: int) -> None:
    certificate = issuing.issue(Completion.objects.get(pk=completion_id), at=timezone.now())
    issuing.publish_file(certificate, at=timezone.now())


@shared_task
def issue_owed_certificates() -> None:
    """The sweep; where it had its hands full, another follows at once."""
    if issuing.sweep(at=timezone.now(), limit=AT_MOST).published >= AT_MOST:
        doorbell.ring(issue_owed_certificates)


@shared_task
def remind_of_ends() -> None:
    """The sweep of reminders; where it had its hands full, another follows at once."""
    if reminders.remind(at=timezone.now(), limit=AT_MOST) >= AT_MOST:
        doorbell.ring(remind_of_ends)


@shared_task
def work_on_archive(archive_id: int) -> None:
    jobs.work_on(archive_id, clock=timezone.now)


@shared_task
def work_on_owed_archives() -> None:
    """The sweep: what no message announced, and what a worker left behind when it died."""
    jobs.sweep(clock=timezone.now)


@shared_task
def delete_old_files() -> None:
    """Archives whose time is over, and drafts that killed workers left."""
    at = timezone.now()
    jobs.tidy(at=at)
    whole_files.delete_drafts(Path(settings.CERTIFICATES_ROOT), before=at - timedelta(days=1))
