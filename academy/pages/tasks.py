"""What the worker does for pages without being asked."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command


@shared_task
def publish_scheduled_pages() -> None:
    """Every minute: publish and unpublish what authors gave a moment to. A repeat finds nothing more to do."""
    call_command("publish_scheduled")
