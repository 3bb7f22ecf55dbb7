"""Pages that say no in plain words, instead of Django's empty answers."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_allowed(request: HttpRequest, methods: Iterable[str]) -> HttpResponse:
    """405: the address was opened where a button has to be pressed, or the other way round."""
    response = render(request, "405.html", status=405)
    response.headers["Allow"] = ", ".join(methods)
    return response
