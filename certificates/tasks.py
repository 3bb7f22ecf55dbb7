"""Background work of certificates: two doors to `issuing`. What fails stays owed, and the sweep finds it."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from academy import doorbell
from certificates import issuing
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
