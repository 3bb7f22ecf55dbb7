"""The HTTP API, version 1; its description is at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from academy.api.verification import router as verification_router
from academy.people.throttling import TooManyRequests

api = NinjaAPI(
    title="Akademi Digital ASN",
    version="1",
    description="Verifikasi sertifikat Akademi Digital ASN.",
    docs_url=None,
    urls_namespace="api-v1",
)
api.add_router("", verification_router)


def _problem(request: HttpRequest, message: str, *, status: int, **more: Any) -> HttpResponse:
    response: HttpResponse = api.create_response(request, {"message": message, **more}, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return _problem(request, _("There is nothing at this address."), status=404)


@api.exception_handler(ValidationError)
def refused(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What was wrong and where: `loc` is the path to the value."""
    places = [{"loc": list(item["loc"]), "message": str(item["msg"])} for item in error.errors]
    return _problem(request, _("The request holds values that cannot be used."), status=422, errors=places)


@api.exception_handler(HttpError)
def failed(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _problem(request, str(error), status=error.status_code)


@api.exception_handler(TooManyRequests)
def too_many(request: HttpRequest, error: TooManyRequests) -> HttpResponse:
    response = _problem(request, _("Too many requests from this address. Please wait a moment."), status=429)
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response
