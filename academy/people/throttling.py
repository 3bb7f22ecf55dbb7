"""How often one address may ask a public question. The limit is shared by all processes.

The address is REMOTE_ADDR, never a header somebody can write: in production `academy/wsgi.py` fills it with what the
proxy on this machine reports.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from academy import counting

WINDOW_SECONDS = 60


class TooManyRequests(Exception):
    """The address asked too often; it may ask again after so many seconds."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


def spend(request: HttpRequest, *, name: str, per_minute: int) -> None:
    """Count this request against the address; TooManyRequests beyond the limit."""
    spend_on(f"{name}:{client_network(request)}", most=per_minute, seconds=WINDOW_SECONDS)


def spend_on(key: str, *, most: int, seconds: int) -> None:
    """Count this request against anything else, whoever asks; TooManyRequests beyond the limit."""
    counted, left = counting.count(key, seconds=seconds)
    if counted > most:
        raise TooManyRequests(max(ceil(left), 1))


def client_network(request: HttpRequest) -> str:
    """Who asks: the IPv4 address, or the /64 of an IPv6 address, since one household holds all of that."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def answers_too_many(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view's TooManyRequests becomes a page with status 429 that says when to come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except TooManyRequests as limit:
            seconds = limit.retry_after_seconds
            context = {"retry_after_seconds": seconds, "retry_after_minutes": ceil(seconds / 60)}
            response = render(request, "429.html", context, status=429)
            response.headers["Retry-After"] = str(seconds)
            response.headers["Cache-Control"] = "no-store"
            return response

    return guarded
