"""Background work of certificates: two doors to `issuing`. What fails stays owed, and the sweep finds it."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from certificates import issuing
from courses.models import Completion

AT_MOST = 200  # a sweep ends within its minute


@shared_task
def issue_certificate(completion_id: int) -> None:
    certificate = issuing.issue(Completion.objects.get(pk=completion_id), at=timezone.now())
    issuing.publish_file(certificate, at=timezone.now())


@shared_task
def issue_owed_certificates() -> None:
    issuing.sweep(at=timezone.now(), limit=AT_MOST)
