"""One page of a long list."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

from academy.people.gate import Officer

PER_PAGE = 50


def paged(officer: Officer, rows: QuerySet[Any]) -> dict[str, Any]:
    """For pagination.html: the page that the address asks for, its numbers, and how many rows there are in all."""
    paginator = Paginator(rows, PER_PAGE)
    page = paginator.get_page(officer.request.GET.get("page"))
    numbers = paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return {"page": page, "numbers": numbers, "count": paginator.count}
