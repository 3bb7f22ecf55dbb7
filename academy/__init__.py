"""The academy: how its rooms are wired, and what the whole platform shares."""

from academy.celery import app as celery_app

__all__ = ["celery_app"]
