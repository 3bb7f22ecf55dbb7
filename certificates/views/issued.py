"""The certificates of an organiser, for those who answer for it: finding them, and one of them with all its revisions."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from academy.pages.templatetags.formats import clock, day, grouped
from academy.people import nip
from academy.people.gate import Officer, for_role
from academy.people.models import AccessLog, Organiser, Person, Role
from academy.people.operator_forms import ListSearch
from academy.people.scope import scope_in_words
from academy.people.views.asking import Crumbs, fact, searched
from certificates import codes, ends
from certificates.issued import (
    ASIDE,
    ENDED,
    ENDING,
    LIVE,
    MADE,
    REPLACED,
    REVOKED,
    VALID,
    WORDS,
    Revision,
    declined_lately,
    held_with,
    in_state,
    issued_by,
    matching,
    own_organisers,
    reason_in_words,
    revisions_of,
    state_of,
    waiting_revocations,
)
from certificates.models import Certificate, Revocation
from courses.models import Course, Run

ORGANISER = Role.Kind.ORGANISER
ON_A_PAGE = 50
PROPOSALS_SHOWN = 20
MARKS = {
    VALID: "done", ENDING: "waiting", ENDED: "overdue", REVOKED: "revoked", REPLACED: "revoked", MADE: "waiting",
    ASIDE: "overdue",
}  # fmt: skip


class IssuedSearch(ListSearch):
    """`q` is sent, since it may be a NIP; in the address a person is a number that says nothing."""

    q = forms.CharField(
        max_length=100,
        required=False,
        label=gettext_lazy("Number, code, name or NIP"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    pelatihan = forms.ModelChoiceField(
        Course.objects.none(), required=False, label=gettext_lazy("Course"), empty_label=gettext_lazy("All")
    )
    angkatan = forms.ModelChoiceField(
        Run.objects.none(), required=False, label=gettext_lazy("Run"), empty_label=gettext_lazy("All")
    )
    keadaan = forms.ChoiceField(
        choices=[("", gettext_lazy("All")), *WORDS.items()], required=False, label=gettext_lazy("State")
    )
    orang = forms.ModelChoiceField(
        Person.objects.none(), required=False, label=gettext_lazy("Holder"), widget=forms.HiddenInput
    )

    def __init__(self, data: Any, *, organisers: QuerySet[Organiser]) -> None:
        super().__init__(data)
        held: dict[str, QuerySet[Any]] = {
            "pelatihan": Course.objects.filter(organiser__in=organisers).order_by("title", "pk"),
            "angkatan": Run.objects.filter(course__organiser__in=organisers)
            .select_related("course")
            .order_by("-closes_on", "course__title", "pk"),
            "orang": Person.objects.filter(pk__in=issued_by(organisers).values("completion__person")),
        }
        for name, rows in held.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def rows(self, rows: QuerySet[Certificate], *, at: datetime) -> QuerySet[Certificate]:
        chosen = self.chosen()
        if chosen["q"] and (text := searched(chosen["q"])):
            rows = rows.filter(matching(text))
        if chosen["pelatihan"]:
            rows = rows.filter(completion__course=chosen["pelatihan"])
        if chosen["angkatan"]:
            rows = rows.filter(completion__enrolment__run=chosen["angkatan"])
        if chosen["keadaan"]:
            rows = rows.filter(in_state(chosen["keadaan"], at=at))
        if chosen["orang"]:
            rows = rows.filter(completion__person=chosen["orang"])
        return rows


def own_certificate(officer: Officer, pk: int) -> Certificate:
    """One of the officer's organisers; those of others do not exist."""
    own = issued_by(own_organisers(officer.person, at=officer.at))
    found: Certificate = get_object_or_404(own.select_related("organiser", "completion__person"), pk=pk)
    return found


@for_role(ORGANISER, "GET", "POST")
def certificates(officer: Officer) -> HttpResponse:
    """Newest first. What is searched is sent and led to an address that holds no NIP."""
    organisers = own_organisers(officer.person, at=officer.at)
    if officer.request.method == "POST":
        return _led_on(officer, organisers)
    return _show(officer, organisers, IssuedSearch(officer.request.GET, organisers=organisers))


def _led_on(officer: Officer, organisers: QuerySet[Organiser]) -> HttpResponse:
    search = IssuedSearch(officer.request.POST, organisers=organisers)
    if not search.is_valid():
        return _show(officer, organisers, search, status=422)
    sent = officer.request.POST
    kept = {name: sent[name] for name in ("pelatihan", "angkatan", "keadaan") if sent.get(name)}
    text = searched(search.cleaned_data["q"])
    if re.fullmatch(r"[0-9]{18}", digits := nip.normalise(text), re.ASCII):
        holder = issued_by(organisers).filter(held_with(digits)).values_list("completion__person", flat=True).first()
        if holder is None:
            search.add_error("q", _("Nobody with this NIP holds a certificate of yours."))
            return _show(officer, organisers, search, status=422)
        kept["orang"] = str(holder)
    elif text:
        kept["q"] = text
    address = reverse("issued_certificates")
    return redirect(f"{address}?{urlencode(kept)}" if kept else address)


def _show(
    officer: Officer, organisers: QuerySet[Organiser], search: IssuedSearch, *, status: int = 200
) -> HttpResponse:
    chosen = search.chosen()
    rows = search.rows(issued_by(organisers), at=officer.at) if status == 200 else Certificate.objects.none()
    rows = rows.select_related("organiser").order_by("-issued_at", "-pk")
    page = Paginator(rows, ON_A_PAGE).get_page(officer.request.GET.get("page"))
    count = page.paginator.count
    waiting = waiting_revocations(organisers).select_related("proposed_by", "organiser").order_by("proposed_at", "pk")
    declined = declined_lately(officer.person, at=officer.at).select_related("declined_by", "organiser")
    declined = declined.order_by("-declined_at", "-pk")
    context = {
        "search": search,
        "problems": search.problems(),
        "of_person": chosen["orang"],
        "is_filtered": any(chosen.values()),
        "lines": ngettext("%(count)s certificate", "%(count)s certificates", count) % {"count": grouped(count)},
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "rows": [_line(row, at=officer.at) for row in page],
        "proposals": [proposal_row(officer, one) for one in waiting[:PROPOSALS_SHOWN]],
        "declined": [_declined_row(one) for one in declined[:PROPOSALS_SHOWN]],
        "crumbs": crumbs(),
    }
    return render(officer.request, "certificates/issued/list.html", context, status=status)


def _line(certificate: Certificate, *, at: datetime) -> dict[str, Any]:
    state, last = state_of(certificate, at=at), ends.last_day(certificate)
    return {
        "pk": certificate.pk,
        "url": reverse("issued_certificate", args=[certificate.pk]),
        "number": certificate.number,
        "name": certificate.facts["name"],
        "course": certificate.facts["course"],
        "issued_on": day(date.fromisoformat(certificate.facts["issued_on"])),
        "ends": _("valid until %(day)s") % {"day": day(last)} if last else "",
        "mark": MARKS[state],
        "state": WORDS[state],
        "can_be_revoked": state in LIVE,
    }


def proposal_row(officer: Officer, revocation: Revocation) -> dict[str, Any]:
    """One that waits: whoever proposed it may take it back, somebody else may agree."""
    zone = revocation.organiser.time_zone
    is_mine = revocation.proposed_by_id == officer.person.pk
    return {
        "title": _proposal_title(revocation),
        "facts": _("Proposed by %(name)s on %(day)s, %(time)s")
        % {
            "name": revocation.proposed_by.full_name,
            "day": day(revocation.proposed_at, zone),
            "time": clock(revocation.proposed_at, zone),
        },
        "is_mine": is_mine,
        "url": reverse("revocation_withdraw" if is_mine else "revocation_approve", args=[revocation.pk]),
        "action": _("Withdraw the proposal") if is_mine else _("Look at it and decide"),
        "decline_url": "" if is_mine else reverse("revocation_decline", args=[revocation.pk]),
    }


def _declined_row(revocation: Revocation) -> dict[str, Any]:
    return {
        "title": _proposal_title(revocation),
        "facts": _("Declined by %(name)s on %(day)s")
        % {
            "name": revocation.declined_by.full_name if revocation.declined_by else "–",
            "day": _moment(revocation.declined_at, revocation.organiser.time_zone),
        },
        "note": revocation.decline_note,
    }


def _proposal_title(revocation: Revocation) -> str:
    count = revocation.certificates.count()
    words = ngettext("%(count)s certificate", "%(count)s certificates", count) % {"count": grouped(count)}
    return f"{words}: {revocation.get_reason_display()}"


@for_role(ORGANISER, "GET")
def certificate(officer: Officer, certificate: int) -> HttpResponse:
    """One certificate: what is printed, its revisions, what can be done. Each look is logged: it is a person's data."""
    row = own_certificate(officer, certificate)
    AccessLog.objects.create(
        person=officer.person,
        action=AccessLog.Action.PERSON_PAGE,
        scope=scope_in_words(officer.person, at=officer.at)[:300],
        at=officer.at,
        subject=row.completion.person,
    )
    state = state_of(row, at=officer.at)
    context = {
        "certificate": row,
        "name": row.facts["name"],
        "facts": printed_facts(row),
        "mark": MARKS[state],
        "state": WORDS[state],
        "is_live": state in LIVE,
        "can_be_reissued": row.superseded_at is None and not row.annuls_credit,
        "error": row.last_error[:300] if state == ASIDE else "",
        "run_url": reverse("run_certificates", args=[row.completion.enrolment.run_id]),
        "verify_url": reverse("certificate_by_code", args=[row.code]) if row.published_at else "",
        "revoke_url": f"{reverse('revoke_certificates')}?{urlencode({'sertifikat': row.pk})}",
        "revisions": [_revision_row(one, row, at=officer.at) for one in revisions_of(row)],
        "crumbs": crumbs(row.number),
    }
    return render(officer.request, "certificates/issued/certificate.html", context)


def printed_facts(row: Certificate) -> list[dict[str, Any]]:
    facts = row.facts
    given = [
        (_("Number"), row.number),
        (_("Code"), codes.grouped(row.code)),
        (_("Name"), facts["name"]),
        (_("NIP"), nip.grouped(facts["nip"])),
        (_("Work unit"), facts["unit"]),
        (_("Agency"), facts["agency"]),
        (_("Course"), facts["course"]),
        (_("Run"), facts["run"]),
        (_("Edition"), facts["edition"]),
        (_("Credit hours (JP)"), facts["credit_hours"]),
        (_("Completed on"), day(date.fromisoformat(facts["completed_on"]))),
        (_("Issued on"), day(date.fromisoformat(facts["issued_on"]))),
        (_("Valid until"), day(ends.last_day(row))),
        (_("Signatory"), facts["signatory"]),
    ]
    return [fact(label, value) for label, value in given if value]


def _revision_row(revision: Revision, shown: Certificate, *, at: datetime) -> dict[str, Any]:
    row = revision.certificate
    zone = row.organiser.time_zone
    state = state_of(row, at=at)
    events = [_("Issued on %(day)s") % {"day": _moment(row.issued_at, zone)}]
    if row.correction:
        events.append(
            _("Correction: “%(correction)s”, by %(name)s")
            % {"correction": row.correction, "name": row.corrected_by.full_name if row.corrected_by else "–"}
        )
    if row.published_at:
        events.append(_("Published on %(day)s") % {"day": _moment(row.published_at, zone)})
    if row.revoked_at:
        events.append(_revoked(revision, zone))
    if row.superseded_at:
        events.append(_("Replaced on %(day)s") % {"day": _moment(row.superseded_at, zone)})
    return {
        "title": _("Revision %(revision)s") % {"revision": row.revision},
        "number": row.number,
        "url": "" if row.pk == shown.pk else reverse("issued_certificate", args=[row.pk]),
        "mark": MARKS[state],
        "state": WORDS[state],
        "events": events,
        "note": revision.revocation.note if revision.revocation else "",
    }


def _revoked(revision: Revision, zone: str) -> str:
    row, decision = revision.certificate, revision.revocation
    values = {"day": _moment(row.revoked_at, zone), "reason": reason_in_words(row.revocation_reason)}
    if decision is None:
        return _("Revoked on %(day)s: %(reason)s") % values
    values["name"] = decision.proposed_by.full_name
    if decision.approved_by is None:
        return _("Revoked on %(day)s by %(name)s: %(reason)s") % values
    values["second"] = decision.approved_by.full_name
    return _("Revoked on %(day)s by %(name)s, agreed to by %(second)s: %(reason)s") % values


def _moment(value: Any, zone: str) -> str:
    return f"{day(value, zone)}, {clock(value, zone)}"


def crumbs(*here: str) -> Crumbs:
    """Authoring > issued certificates > here."""
    start = {"label": _("Authoring"), "url": reverse("wagtailadmin_home")}
    listed = {"label": _("Issued certificates"), "url": reverse("issued_certificates")}
    return [start, listed, *({"label": one} for one in here)] if here else [start, {"label": listed["label"]}]
