"""Answers typed after the session had run out: kept in the anonymous session until the person has signed in again.

Signing in keeps the session's content, so the answers wait there, bound to the address of the attempt they were
posted to. Whoever opens that address takes them out; who may not open it makes them disappear.
"""

from __future__ import annotations

from django.http import HttpRequest

LARGEST_BYTES = 20 * 1024
SESSION_KEY = "pending_answers"

Fields = dict[str, list[str]]


def keep(request: HttpRequest) -> bool:
    """Keep the posted fields for this address; False if they are too many to keep."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BYTES:
        return False
    fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    request.session[SESSION_KEY] = {"path": request.path, "fields": fields}
    return True


def take(request: HttpRequest) -> Fields | None:
    """What was kept for this address, once."""
    kept = request.session.get(SESSION_KEY)
    if kept is None or kept["path"] != request.path:
        return None
    del request.session[SESSION_KEY]
    fields: Fields = kept["fields"]
    return fields
