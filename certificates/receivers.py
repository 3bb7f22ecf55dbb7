"""What certificates do when a course is completed: ring for the worker."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import receiver

from academy import doorbell
from certificates.tasks import issue_certificate
from courses.models import Completion
from courses.signals import course_completed


@receiver(course_completed, dispatch_uid="queue_certificate")
def queue_certificate(sender: type[Completion], completion: Completion, **kwargs: Any) -> None:
    """The message may be lost, the completion is not: the sweep finds what no message announced."""
    transaction.on_commit(lambda: doorbell.ring(issue_certificate, completion.pk), robust=True)
