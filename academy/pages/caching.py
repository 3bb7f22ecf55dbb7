"""Pages that look the same to everybody signed out are drawn once and kept, in the cache all processes share.

A view says so with `@cached_for_anonymous`, a page by `keep_for_anonymous` in its `serve`. The middleware stands before sessions: a hit asks the database nothing.
Whatever changes public content calls `content_changed()`, and every kept page is out of date at once.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

KEEP_SECONDS = 10 * 60
KEPT_FORM = 2  # raise when what is kept of a page changes its form
LONGEST_QUERY = 200
NEVER_KEPT = "/V/"  # every check of a certificate tells its own time: looking for it among kept pages is in vain
VERSION_KEY = "public-content-version"
R = TypeVar("R", bound=HttpResponse)


def content_changed() -> None:
    """Public content changed: kept pages are not served any more."""
    cache.set(VERSION_KEY, str(time.time_ns()), None)


def content_version() -> str:
    """Changes with every `content_changed()`: part of the key of whatever is kept.

    A lost version begins anew; one that cannot be read is another each time, so that nothing kept is ever found.
    """
    version: str | None = cache.get(VERSION_KEY)
    if version is None:
        fresh = str(time.time_ns())
        cache.add(VERSION_KEY, fresh, None)
        version = cache.get(VERSION_KEY, fresh)
    return version


def keep_for_anonymous(response: R) -> R:
    """This answer may be kept for readers who are signed out."""
    response._same_for_anonymous = True  # type: ignore[attr-defined]
    return response


def cached_for_anonymous(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The answer of this view may be kept for readers who are signed out.

    Not under an address with a query, which the view does not read: a stranger could fill the cache with made-up ones.
    """

    @wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        return response if request.GET else keep_for_anonymous(response)

    return marked


class AnonymousPageCacheMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            request.method != "GET"
            or request.path.startswith(NEVER_KEPT)
            or settings.SESSION_COOKIE_NAME in request.COOKIES
            or len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY
        ):
            return self.get_response(request)
        key = self._key(request, content_version())
        kept = cache.get(key)
        if kept is not None:
            content, headers = kept
            return HttpResponse(content, headers=headers)
        response = self.get_response(request)
        if (
            getattr(response, "_same_for_anonymous", False)
            and response.status_code == 200
            and not response.streaming
            and not response.cookies
        ):
            cache.set(key, (response.content, dict(response.headers)), KEEP_SECONDS)
        return response

    def _key(self, request: HttpRequest, version: str) -> str:
        host = request.get_host()
        language = request.LANGUAGE_CODE
        raw = f"{KEPT_FORM} {version} {language} {host} {request.get_full_path()}"
        return "page:" + hashlib.sha256(raw.encode()).hexdigest()
