"""The workers' sign of life: asked for by the clock, and given once when a worker starts."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from academy.api import heartbeat


@shared_task
def beat_heart(queue: str) -> None:
    """Runs on the queue it names: that it ran shows that somebody serves the queue."""
    heartbeat.beat(queue)


@worker_ready.connect
def beat_when_ready(sender: Any, **kwargs: Any) -> None:
    for queue in sender.task_consumer.queues:
        if queue.name in heartbeat.QUEUES:
            heartbeat.beat(queue.name)
