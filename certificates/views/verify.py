"""The public check of a certificate, by its code, its number or its file: plain pages, never kept by browsers, never indexed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from academy.pages.caching import KEEP_SECONDS, content_version
from academy.pages.templatetags import formats
from academy.people import throttling
from certificates import codes, file_check, number_check, verification
from certificates.file_check import uploads
from certificates.verification import Outcome, Verdict
from certificates.views import verdict as verdict_page
from certificates.views.verdict import private

# An office behind one address checks a pile of certificates; whoever tries codes has 80 bits to guess.
PER_MINUTE = 60
NAME = "verify"
# Numbers follow one another and a second fact may have four digits: few tries, for the address and for the number.
NUMBERS_PER_MINUTE = 10
TRIES_PER_NUMBER = 10
NUMBER_WINDOW_SECONDS = 60 * 60
CHECKED_AT = "{checked-at}"  # stands in kept pages for the time of checking


@require_safe
@throttling.answers_too_many
def form(request: HttpRequest) -> HttpResponse:
    """Three ways to ask. A code that can be one leads to its own address; a hash is answered here."""
    typed, sha256 = request.GET.get("kode"), request.GET.get("sha256")
    if sha256 is not None:
        return _by_hash(request, sha256)
    if typed is None:
        return _show_form(request)
    try:
        return redirect("certificate_by_code", code=codes.normalise(typed))
    except codes.InvalidCode as error:
        return _show_form(request, code=typed[: codes.LONGEST_TYPED], error=str(error))


def _by_hash(request: HttpRequest, sha256: str) -> HttpResponse:
    """What the browser asks before it sends a file: most files are genuine and need not travel."""
    throttling.spend(request, name=NAME, per_minute=PER_MINUTE)
    sha256 = sha256.lower()
    verdict = file_check.look_up_hash(sha256) if file_check.SHA256.fullmatch(sha256) else None
    if verdict is None:
        error = _("No issued file has this fingerprint. Send the file, so that we can say what differs.")
        return _show_form(request, file_error=error, status=404)
    return verdict_page.page(request, verdict, checked_at=_now(), file_name=_("your file"))


@csrf_exempt  # until its size is known; the check of the token reads the whole body
@require_http_methods(["GET", "HEAD", "POST"])
@throttling.answers_too_many
def by_file(request: HttpRequest) -> HttpResponse:
    """The verdict on a file that was sent. It is looked at and forgotten."""
    if request.method != "POST":
        return redirect("verify")
    throttling.spend(request, name=uploads.NAME, per_minute=uploads.PER_MINUTE)
    if uploads.is_too_large(request):
        return _show_form(request, file_error=uploads.too_large(), status=413)
    return _look_at_file(request)


@csrf_protect
def _look_at_file(request: HttpRequest) -> HttpResponse:
    try:
        name, content = uploads.taken_from(request)
    except uploads.Refused as refused:
        return _show_form(request, file_error=str(refused), status=refused.status)
    return verdict_page.page(request, file_check.look(content), checked_at=_now(), file_name=name)


@require_http_methods(["GET", "HEAD", "POST"])
@throttling.answers_too_many
def by_number(request: HttpRequest) -> HttpResponse:
    """The verdict on a number together with a second fact. Whatever does not fit gets one and the same answer."""
    if request.method != "POST":
        return redirect("verify")
    number, second = (request.POST.get(name, "")[: number_check.LONGEST_TYPED] for name in ("nomor", "penguat"))
    typed = {"number": number, "second": second}
    if not number.strip() or not second.strip():
        error = _("Type both: the number, and something that only the paper or its owner knows.")
        return _show_form(request, number_error=error, status=422, **typed)
    throttling.spend(request, name="verify-number", per_minute=NUMBERS_PER_MINUTE)
    throttling.spend_on(
        f"verify-number:{hashlib.sha256(number_check.normalise(number).encode()).hexdigest()}",
        most=TRIES_PER_NUMBER,
        seconds=NUMBER_WINDOW_SECONDS,
    )
    verdict = number_check.look_up(number, second)
    if verdict is None:
        error = _(
            "No certificate fits this number and this detail together. Compare both with the paper, or use the code."
        )
        return _show_form(request, number_error=error, status=404, **typed)
    return verdict_page.page(request, verdict, checked_at=_now())


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """How to check a paper, a file or a screenshot, and what the answers mean."""
    return render(request, "certificates/verify_help.html", {"form_url": reverse("verify")})


@require_safe
@throttling.answers_too_many
def by_code(request: HttpRequest, code: str) -> HttpResponse:
    """The verdict. Every spelling has one address: /V/ and the code as 16 symbols."""
    try:
        canonical = codes.normalise(code)
    except codes.InvalidCode as error:
        return _show_form(request, code=code[: codes.LONGEST_TYPED], error=str(error), status=404)
    if request.path != f"/V/{canonical}":
        return redirect("certificate_by_code", code=canonical, permanent=True)
    throttling.spend(request, name=NAME, per_minute=PER_MINUTE)
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return verdict_page.page(request, verification.look_up(canonical), checked_at=_now())
    return private(_for_strangers(request, canonical))


def _for_strangers(request: HttpRequest, code: str) -> HttpResponse:
    """The same page for everybody signed out: drawn once and kept while the certificate stands as it stands.

    Each request still asks the register, so that a revocation shows at once, and gets its own time of checking.
    """
    standing = verification.standing(code)
    if standing is None:
        return verdict_page.page(request, verification.unknown(code), checked_at=_now())
    text = f"{content_version()} {get_language()} {code} {standing}"
    key = "verdict:" + hashlib.sha256(text.encode()).hexdigest()
    content: bytes | None = cache.get(key)
    if content is None:
        verdict = verification.look_up(code)
        content = verdict_page.page(request, verdict, checked_at=CHECKED_AT).content
        if _may_be_kept(verdict):
            cache.set(key, content, KEEP_SECONDS)
    return HttpResponse(content.replace(CHECKED_AT.encode(), _now().encode()))


def _now() -> str:
    return _moment(timezone.now().replace(second=0, microsecond=0), get_language())


@lru_cache(maxsize=4)
def _moment(minute: datetime, language: str | None) -> str:
    """Written once a minute and language."""
    return f"{formats.day(minute)}, {formats.clock(minute)}"


def _may_be_kept(verdict: Verdict) -> bool:
    """Not a replaced one, which may yet find its successor, nor one whose last day may come."""
    if verdict.outcome is Outcome.REVOKED:
        return True
    return verdict.outcome is Outcome.GENUINE and verdict.valid_until is None


def _show_form(request: HttpRequest, *, status: int = 200, **typed: Any) -> HttpResponse:
    """With what was typed, and what is wrong with it: code, error · file_error · number, second, number_error."""
    context = {
        "action": reverse("verify"),
        "file_action": reverse("verify_file"),
        "number_action": reverse("verify_number"),
        "help_url": reverse("verify_help"),
        "most_bytes": file_check.MOST_BYTES,
    }
    return private(render(request, "certificates/verify_form.html", context | typed, status=status))
