"""The content security policy of the CMS: its own scripts and styles write inline code, everything else stays shut."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

CMS = "/cms/"
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    ]
)


class CmsPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(CMS):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
