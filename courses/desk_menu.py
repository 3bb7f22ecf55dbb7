"""Entries of the CMS menu for the roles whom they lead to a page outside of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from wagtail.admin.menu import MenuItem

from academy.people.models import Role


class MenuItemOf(MenuItem):
    """Shown to who holds one of these roles: what it leads to answers 403 to everybody else."""

    def __init__(self, *args: Any, kinds: Collection[Role.Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kinds = kinds

    def is_shown(self, request: HttpRequest) -> bool:
        return holds(request.user, self._kinds)


def holds(person: Any, kinds: Collection[Role.Kind]) -> bool:
    held = {*getattr(person, "role_kinds", ()), *([Role.Kind.OPERATOR] if person.is_superuser else [])}
    return not held.isdisjoint(kinds)
