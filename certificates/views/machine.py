"""What machines ask for: public keys and the standing of credentials. Open to any origin, and cacheable."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from certificates import credentials, key_register
from certificates.models import Certificate
from certificates.signing import SignerUnavailable

KEPT_SECONDS = 300  # a revocation shows after this long to whoever asks a list; the page by code shows it at once


@require_safe
def did_document(request: HttpRequest) -> HttpResponse:
    """The keys of credentials, at the address that did:web prescribes."""
    return _open(JsonResponse(key_register.did_document(), content_type="application/did+json"))


@require_safe
def signing_keys(request: HttpRequest) -> HttpResponse:
    """All keys that ever signed, those of documents too, with their state."""
    return _open(JsonResponse({"keys": key_register.published_keys()}))


@require_safe
def status_list(request: HttpRequest, number: str) -> HttpResponse:
    """A status list, signed anew every five minutes; 404 for one that no certificate has a place in.

    503 while no key can sign: who checks must then say "could not check", not "not revoked".
    """
    wanted = int(number)
    key = f"status-list:{wanted}"
    signed: dict[str, Any] | None = cache.get(key)
    if signed is None:
        first = wanted * credentials.PLACES
        if not Certificate.objects.filter(status_index__range=(first, first + credentials.PLACES - 1)).exists():
            raise Http404
        try:
            signed = credentials.status_list(wanted, at=timezone.now())
        except SignerUnavailable:
            return HttpResponse(status=503, headers={"Retry-After": "60"})
        cache.set(key, signed, KEPT_SECONDS)
    return _open(JsonResponse(signed, content_type="application/vc+ld+json"))


def _open(response: HttpResponse) -> HttpResponse:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return response
