"""Background work of notifications: safe to run twice, nothing lost when a message is."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from academy.notifications import code_notices, messages

AT_MOST = 200


@shared_task
def deliver_owed_messages() -> None:
    code_notices.owe_notices(at=timezone.now())
    messages.deliver_owed(at=timezone.now(), limit=AT_MOST)
