"""The public check of a certificate by its code: plain pages, never kept by browsers, never indexed."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
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
from django.views.decorators.http import require_safe

from academy.pages.caching import KEEP_SECONDS, content_version
from academy.pages.templatetags import formats
from academy.people import throttling
from certificates import codes, verification, wording
from certificates.verification import Outcome, Verdict

# An office behind one address checks a pile of certificates; whoever tries codes has 80 bits to guess.
PER_MINUTE = 60
NAME = "verify"
CHECKED_AT = "{checked-at}"  # stands in kept pages for the time of checking


@require_safe
def form(request: HttpRequest) -> HttpResponse:
    """The field for a code. A code that can be one leads to its own address, another stays with what is wrong."""
    typed = request.GET.get("kode")
    if typed is None:
        return _show_form(request)
    try:
        return redirect("certificate_by_code", code=codes.normalise(typed))
    except codes.InvalidCode as error:
        return _show_form(request, typed=typed, error=str(error))


@require_safe
@throttling.answers_too_many
def by_code(request: HttpRequest, code: str) -> HttpResponse:
    """The verdict. Every spelling has one address: /V/ and the code as 16 symbols."""
    try:
        canonical = codes.normalise(code)
    except codes.InvalidCode as error:
        return _show_form(request, typed=code, error=str(error), status=404)
    address = reverse("certificate_by_code", kwargs={"code": canonical})
    if request.path != address:
        return redirect(address, permanent=True)
    throttling.spend(request, name=NAME, per_minute=PER_MINUTE)
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return _private(_drawn(request, verification.look_up(canonical), checked_at=_now()))
    return _private(_for_strangers(request, canonical))


def _drawn(request: HttpRequest, verdict: Verdict, *, checked_at: str) -> HttpResponse:
    status = 404 if verdict.outcome is Outcome.UNKNOWN else 200
    return render(request, "certificates/verify.html", _context(verdict, checked_at=checked_at), status=status)


def _for_strangers(request: HttpRequest, code: str) -> HttpResponse:
    """The same page for everybody signed out: drawn once and kept while the certificate stands as it stands.

    Each request still asks the register, so that a revocation shows at once, and gets its own time of checking.
    """
    standing = verification.standing(code)
    if standing is None:
        return _drawn(request, verification.unknown(code), checked_at=_now())
    text = f"{content_version()} {get_language()} {code} {standing}"
    key = "verdict:" + hashlib.sha256(text.encode()).hexdigest()
    content: bytes | None = cache.get(key)
    if content is None:
        verdict = verification.look_up(code)
        content = _drawn(request, verdict, checked_at=CHECKED_AT).content
        if verdict.outcome in {Outcome.GENUINE, Outcome.REVOKED}:  # a replaced one may yet find its successor
            cache.set(key, content, KEEP_SECONDS)
    return HttpResponse(content.replace(CHECKED_AT.encode(), _now().encode()))


def _now() -> str:
    return _moment(timezone.now().replace(second=0, microsecond=0), get_language())


@lru_cache(maxsize=4)
def _moment(minute: datetime, language: str | None) -> str:
    """Written once a minute and language."""
    return f"{formats.day(minute)}, {formats.clock(minute)}"


def _show_form(request: HttpRequest, *, typed: str = "", error: str = "", status: int = 200) -> HttpResponse:
    context = {"action": reverse("verify"), "code": typed[: codes.LONGEST_TYPED], "error": error}
    return _private(render(request, "certificates/verify_form.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _context(verdict: Verdict, *, checked_at: str) -> dict[str, Any]:
    replaced_by = verdict.replaced_by
    return {
        "verdict": verdict.outcome.value,
        "code": codes.grouped(verdict.code),
        "checked_at": checked_at,
        "revoked_on": formats.day(verdict.revoked_at, verdict.time_zone),
        "reason": verdict.revocation_reason,
        "replaced_by": replaced_by
        and {"url": reverse("certificate_by_code", kwargs={"code": replaced_by.code}), "number": replaced_by.number},
        "facts": _facts(verdict),
        "modules": _modules(verdict),
        "checks": _checks(verdict),
        "form_url": reverse("verify"),
    }


def _facts(verdict: Verdict) -> list[dict[str, str]]:
    """Every printed fact as it stands on the paper, in its order and its language; only the labels are translated.

    What is empty was not printed.
    """
    printed = verification.public_facts(verdict)
    if printed is None or verdict.facts is None:
        return []
    lines = [
        (_("Document"), printed["title"]),
        (_("Number"), printed["number"]),
        (_("Opening"), printed["opening"]),
        (_("Name"), printed["name"]),
        (_("NIP, last four digits"), printed["nip"]),
        (_("Rank and grade"), printed["grade"]),
        (_("Position"), printed["position"]),
        (_("Work unit"), printed["unit"]),
        (_("Agency"), printed["agency"]),
        (_("Photo"), printed["photo"]),
        (_("Place and date of birth"), printed["birth_place"] or printed["born_on"]),
        (_("Outcome"), f"{printed['outcome']} {printed['lead_in']}".strip()),
        (_("Course"), printed["course"]),
        (_("Run, edition"), f"{printed['run']}, Edisi {printed['edition']}"),
        (_("Learning period"), verdict.facts.period),
        (_("Completed"), _day(printed["completed_on"])),
        (_("Credit hours"), f"{printed['credit_hours']} ({printed['credit_hours_in_words']}) jam pelajaran"),
        (
            _("Score"),
            printed["score"] and f"{_decimal(printed['score'])} (batas lulus {_decimal(printed['pass_mark'])})",
        ),
        (_("Text below the course"), printed["details"]),
        (_("Issued"), f"{printed['place']}, {_day(printed['issued_on'])}"),
        (_("Government"), printed["government"]),
        (_("Organiser"), printed["organiser"]),
        (_("Logos"), "; ".join(logo["alt"] for logo in printed["logos"])),
        (_("On behalf of"), printed["on_behalf_of"]),
        (_("Signatory"), printed["signatory"]),
        (_("Signatory's position"), printed["signatory_position"]),
        (_("Signatory's NIP, last four digits"), printed["signatory_nip"]),
    ]
    return [{"label": label, "value": value} for label, value in lines if value]


def _modules(verdict: Verdict) -> dict[str, Any] | None:
    """Page two of the paper, for the table component."""
    if verdict.facts is None:
        return None
    modules = verdict.facts.modules
    figures = [(str(module.activities), str(module.minutes), _decimal(module.credit_hours)) for module in modules]
    sums = (
        str(sum(module.activities for module in modules)),
        str(sum(module.minutes for module in modules)),
        str(verdict.facts.credit_hours),
    )

    def row(head: str, values: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{"value": head}, *({"value": value, "numeric": True} for value in values)]

    return {
        "columns": [
            {"label": _("Module")},
            {"label": _("Activities"), "numeric": True},
            {"label": _("Minutes"), "numeric": True},
            {"label": _("JP"), "numeric": True},
        ],
        "rows": [row(module.title, values) for module, values in zip(modules, figures, strict=True)],
        "totals": row(_("Total"), sums),
    }


def _checks(verdict: Verdict) -> list[dict[str, str]]:
    labels = {
        "registered": _("Number and code are registered"),
        "not_revoked": _("Not revoked"),
        "not_replaced": _("Not replaced by a newer one"),
        "file": _("The PDF file was not checked"),
    }
    if verdict.outcome is Outcome.REVOKED:
        labels["not_revoked"] = _("It has been revoked")
    if verdict.outcome is Outcome.REPLACED:
        labels["not_replaced"] = _("It has been replaced")
    return [{"label": labels[name], "answer": answer.value} for name, answer in verdict.checks.items()]


def _day(iso: str) -> str:
    return wording.day(date.fromisoformat(iso))


def _decimal(text: str) -> str:
    return text.replace(".", ",")
