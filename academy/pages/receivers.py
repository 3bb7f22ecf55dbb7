"""Whatever happens to a published page, the pages kept for readers are out of date from then on."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from wagtail.models import Page
from wagtail.signals import page_published, page_unpublished, post_page_move

from academy.pages.caching import content_changed


@receiver([page_published, page_unpublished, post_page_move], dispatch_uid="page_changed")
def page_changed(**kwargs: Any) -> None:
    transaction.on_commit(content_changed, robust=True)


@receiver(post_delete, sender=Page, dispatch_uid="page_deleted")
def page_deleted(**kwargs: Any) -> None:
    transaction.on_commit(content_changed, robust=True)
