"""How a verdict is shown: one page for checks by code, by number and by file."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from academy.pages.templatetags import formats
from certificates import codes, verification, wording
from certificates.models import Revocation
from certificates.verification import Answer, Difference, Outcome, Verdict, Why
from certificates.views.verdict_labels import CHECK_LABELS, DIFFERENCE_LABELS, HEADLINES

LONGEST_FILE_NAME = 80


def page(request: HttpRequest, verdict: Verdict, *, checked_at: str, file_name: str | None = None) -> HttpResponse:
    """`file_name` is None unless a file was looked at."""
    status, headline = 200, str(HEADLINES[verdict.outcome])
    if verdict.outcome is Outcome.UNKNOWN:
        status, headline = (404, headline) if file_name is None else (200, _("We do not know this file"))
    context = _context(verdict, checked_at=checked_at) | _about_file(verdict, file_name) | {"headline": headline}
    return private(render(request, "certificates/verify.html", context, status=status))


def private(response: HttpResponse) -> HttpResponse:
    """Never kept by browsers, never indexed."""
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
        "reason": Revocation.Reason.in_words(verdict.revocation_reason),
        "replaced_by": replaced_by
        and {"url": reverse("certificate_by_code", kwargs={"code": replaced_by.code}), "number": replaced_by.number},
        "facts": _facts(verdict),
        "modules": _modules(verdict),
        "checks": _checks(verdict),
        "expired_on": verdict.valid_until and wording.day(verdict.valid_until),
        "form_url": reverse("verify"),
        "help_url": reverse("verify_help"),
    }


def _about_file(verdict: Verdict, file_name: str | None) -> dict[str, Any]:
    if file_name is None:
        return {"is_file": False}
    return {
        "is_file": True,
        "file_name": file_name[:LONGEST_FILE_NAME] or _("unnamed file"),
        "why": _why(verdict.why),
        "differences": _differences(verdict.differences),
        "code_url": verdict.facts and reverse("certificate_by_code", kwargs={"code": verdict.code}),
    }


def _why(why: Why | None) -> str:
    return {
        None: "",
        Why.NO_PDF: _("It is not a PDF file."),
        Why.UNREADABLE: _("It is damaged, or made so that it cannot be read safely."),
        Why.NO_CODE: _("It shows no verification code of ours."),
        Why.NOT_REGISTERED: _("It shows a code under which nothing was issued."),
    }[why]


def _differences(differences: tuple[Difference, ...]) -> dict[str, Any] | None:
    """For the table component: the file beside the register."""
    if not differences:
        return None
    nothing = "–"
    return {
        "columns": [{"label": _("Detail")}, {"label": _("In the file")}, {"label": _("In the register")}],
        "rows": [
            [
                {"value": DIFFERENCE_LABELS[one.name]},
                {"value": one.in_file or nothing, "bad": True},
                {"value": one.in_register or nothing},
            ]
            for one in differences
        ],
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
        (_("Valid until"), printed["valid_until"] and _day(printed["valid_until"])),
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
    return [{"label": _check(verdict, name, answer), "answer": answer.value} for name, answer in verdict.checks.items()]


def _check(verdict: Verdict, name: str, answer: Answer) -> str:
    if name == "not_revoked" and verdict.revoked_at:
        return _("It has been revoked")
    if name == "not_replaced" and answer is Answer.NO:
        return _("It has been replaced")
    return str(CHECK_LABELS[name].get(answer) or CHECK_LABELS[name][Answer.YES])


def _day(iso: str) -> str:
    return wording.day(date.fromisoformat(iso))


def _decimal(text: str) -> str:
    return text.replace(".", ",")
