"""Revoking certificates of one's organiser: asking first, proposals for a second person, agreeing and taking back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from academy.pages.templatetags.formats import clock, day, grouped
from academy.people.gate import Officer, for_role
from academy.people.models import Role
from academy.people.refusals import Refused
from academy.people.views.asking import Done, Fact, Fields, ask, fact, sent
from certificates import revocation
from certificates.issued import issued_by, own_organisers
from certificates.models import Certificate, Revocation
from certificates.views.issued import crumbs

ORGANISER = Role.Kind.ORGANISER
MOST_AT_ONCE = 200
NAMED = 20
KEY = re.compile(r"[0-9]{1,18}", re.ASCII)


_MINE = gettext_lazy("You proposed it, so somebody else has to agree.")


class DeclineForm(forms.Form):
    catatan = forms.CharField(
        max_length=1000,
        label=gettext_lazy("Why not"),
        help_text=gettext_lazy("For whoever proposed it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RevokeForm(forms.Form):
    alasan = forms.ChoiceField(
        choices=[("", gettext_lazy("Choose")), *Revocation.Reason.choices],
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Shown by the public check, and told to the holder."),
    )
    catatan = forms.CharField(
        max_length=1000,
        required=False,
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("For your organiser only, such as the number of a letter. May be empty."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    hapus_jp = forms.BooleanField(
        required=False,
        label=gettext_lazy("The credit hours (JP) are annulled too"),
        help_text=gettext_lazy("For who should never have got them. Such a certificate cannot be replaced."),
    )


@for_role(ORGANISER, "GET", "POST")
def revoke(officer: Officer) -> HttpResponse:
    """The certificates stand in the address; one that is not the officer's, and all of it does not exist."""
    back = reverse("issued_certificates")
    keys = list(dict.fromkeys(officer.request.GET.getlist("sertifikat")))
    if not keys:
        messages.warning(officer.request, _("Choose the certificates first."))
        return redirect(back)
    chosen = _chosen(officer, keys)
    if len(chosen) == 1:
        back = reverse("issued_certificate", args=[chosen[0].pk])
    valid = [one for one in chosen if not one.revoked_at and not one.superseded_at]
    form = RevokeForm(sent(officer))
    problem = _cannot(chosen, valid)

    def preview(fields: Fields) -> Sequence[Fact]:
        if problem:
            raise Refused(problem)
        return _touched(officer, chosen, valid, fields)

    def act(fields: Fields) -> Done:
        try:
            made = revocation.revoke(
                valid,
                organiser=valid[0].organiser,
                reason=Revocation.Reason(fields["alasan"]),
                annuls_credit=fields["hapus_jp"],
                note=fields["catatan"],
                by=officer.person,
                at=officer.at,
            )
        except revocation.NothingToRevoke as error:
            raise Refused(_("None of them is valid any more.")) from error
        return _said(made), back

    return ask(
        officer,
        act=act,
        title=_("Revoke certificates?"),
        lead=ngettext("%(count)s certificate", "%(count)s certificates", len(chosen)) % {"count": grouped(len(chosen))},
        crumbs=crumbs(_("Revoke")),
        button="" if problem else _("Revoke"),
        back=back,
        facts=[] if problem or _is_previewed(officer, form) else [_names(valid)],
        consequences=[problem] if problem else _consequences(officer, valid),
        form=None if problem else form,
        preview=preview,
        danger=True,
    )


@for_role(ORGANISER, "GET", "POST")
def approve(officer: Officer, proposal: int) -> HttpResponse:
    """The second person sees what the first proposed, and agrees; whoever proposed it cannot."""
    row = _own(officer, proposal)
    back = reverse("issued_certificates")
    is_mine = row.proposed_by_id == officer.person.pk
    consequences = [_("Who holds one is told. It cannot be taken back.")]
    if is_mine:
        consequences = [str(_MINE)]
    return ask(
        officer,
        act=lambda _fields: _approve(officer, row),
        title=_("Agree to this revocation?"),
        lead=row.organiser.short_name,
        crumbs=crumbs(_("Proposal to revoke")),
        button="" if is_mine else _("Agree and revoke"),
        back=back,
        facts=_proposed(row),
        consequences=consequences,
        danger=True,
    )


@for_role(ORGANISER, "GET", "POST")
def decline(officer: Officer, proposal: int) -> HttpResponse:
    """The second person says no, and why; whoever proposed it withdraws it instead."""
    row = _own(officer, proposal)
    is_mine = row.proposed_by_id == officer.person.pk
    return ask(
        officer,
        act=lambda fields: _decline(officer, row, fields.get("catatan", "")),
        title=_("Decline this proposal?"),
        lead=row.organiser.short_name,
        crumbs=crumbs(_("Proposal to revoke")),
        button="" if is_mine else _("Decline the proposal"),
        back=reverse("issued_certificates"),
        facts=_proposed(row),
        consequences=[str(_MINE) if is_mine else _("The certificates stay valid. Whoever proposed it sees why.")],
        form=None if is_mine else DeclineForm(sent(officer)),
    )


@for_role(ORGANISER, "GET", "POST")
def withdraw(officer: Officer, proposal: int) -> HttpResponse:
    """Whoever proposed it takes it back; for anybody else there is nothing to take back."""
    row = _own(officer, proposal)
    if row.proposed_by_id != officer.person.pk:
        raise Http404
    return ask(
        officer,
        act=lambda _fields: _withdraw(officer, row),
        title=_("Withdraw this proposal?"),
        lead=row.organiser.short_name,
        crumbs=crumbs(_("Proposal to revoke")),
        button=_("Withdraw the proposal"),
        back=reverse("issued_certificates"),
        facts=_proposed(row),
        consequences=[_("The certificates stay valid.")],
    )


def _chosen(officer: Officer, keys: list[str]) -> list[Certificate]:
    """All of them, or 404: what lies outside does not exist."""
    if len(keys) > MOST_AT_ONCE or not all(KEY.fullmatch(key) for key in keys):
        raise Http404
    own = issued_by(own_organisers(officer.person, at=officer.at))
    wanted = {int(key) for key in keys}
    rows = list(own.filter(pk__in=wanted).select_related("organiser").order_by("number", "pk"))
    if len(rows) != len(wanted):
        raise Http404
    return rows


def _own(officer: Officer, pk: int) -> Revocation:
    """A proposal of one's organisers, decided or not: a repeat is answered as the first time."""
    own = Revocation.objects.filter(organiser__in=own_organisers(officer.person, at=officer.at))
    found: Revocation = get_object_or_404(own.select_related("organiser", "proposed_by"), pk=pk)
    return found


def _cannot(chosen: Sequence[Certificate], valid: Sequence[Certificate]) -> str:
    if not valid:
        return _("None of them is valid any more.")
    if len({one.organiser_id for one in chosen}) > 1:
        return _("Choose certificates of one organiser only.")
    return ""


def _is_previewed(officer: Officer, form: RevokeForm) -> bool:
    return officer.request.method == "POST" and "again" not in officer.request.POST and form.is_valid()


def _takes_two(officer: Officer, valid: Sequence[Certificate]) -> bool:
    return revocation.takes_second_person(len(valid), by=officer.person, organiser=valid[0].organiser, at=officer.at)


def _consequences(officer: Officer, valid: Sequence[Certificate]) -> list[str]:
    said = [_("The public check says “revoked” from then on, with reason and day. It cannot be taken back.")]
    if _takes_two(officer, valid):
        said.append(
            _("More than %(count)s within a day take a second person: until somebody else agrees they stay valid.")
            % {"count": revocation.MOST_ALONE}
        )
    return said


def _touched(
    officer: Officer, chosen: Sequence[Certificate], valid: Sequence[Certificate], fields: Fields
) -> list[Fact]:
    """What would happen, in words: how many, whose, who has to agree."""
    left = len(chosen) - len(valid)
    facts = [
        _names(valid),
        fact(_("Reason"), Revocation.Reason(fields["alasan"]).label),
        fact(_("Credit hours (JP)"), _("annulled") if fields["hapus_jp"] else _("stay")),
        fact(_("Second person"), _("has to agree") if _takes_two(officer, valid) else _("not needed")),
    ]
    if fields["catatan"]:
        facts.append(fact(_("Note"), fields["catatan"]))
    if left:
        words = ngettext("%(count)s certificate", "%(count)s certificates", left) % {"count": grouped(left)}
        facts.append(fact(_("Not valid any more, left as it is"), words))
    return facts


def _names(certificates: Sequence[Certificate]) -> Fact:
    """How many, and whose."""
    count = len(certificates)
    names = [f"{one.facts['name']} ({one.number})" for one in certificates[:NAMED]]
    if count > NAMED:
        names.append(_("and %(count)s more") % {"count": grouped(count - NAMED)})
    words = ngettext("%(count)s certificate", "%(count)s certificates", count) % {"count": grouped(count)}
    return fact(_("To be revoked"), words, note=", ".join(names))


def _proposed(row: Revocation) -> list[Fact]:
    zone = row.organiser.time_zone
    proposed = f"{day(row.proposed_at, zone)}, {clock(row.proposed_at, zone)}"
    valid = list(Certificate.objects.live().filter(revocations=row).order_by("number", "pk"))
    facts: list[Any] = [
        _names(valid),
        fact(_("Reason"), row.get_reason_display()),
        fact(_("Credit hours (JP)"), _("annulled") if row.annuls_credit else _("stay")),
        fact(_("Proposed by"), row.proposed_by.full_name, note=proposed),
    ]
    return [*facts, fact(_("Note"), row.note)] if row.note else facts


def _said(made: Revocation) -> str:
    count = made.certificates.count()
    if made.carried_out_at is None:
        text = ngettext(
            "Proposed: %(count)s certificate is revoked as soon as a second person agrees.",
            "Proposed: %(count)s certificates are revoked as soon as a second person agrees.",
            count,
        )
    else:
        text = ngettext("%(count)s certificate is revoked.", "%(count)s certificates are revoked.", count)
    return text % {"count": grouped(count)}


def _approve(officer: Officer, row: Revocation) -> Done:
    try:
        return _said(revocation.approve(row, by=officer.person, at=officer.at))
    except revocation.NeedsAnotherPerson as error:
        raise Refused(str(_MINE)) from error
    except revocation.AlreadyDecided as error:
        raise Refused(_("Somebody else decided this meanwhile.")) from error


def _decline(officer: Officer, row: Revocation, note: str) -> Done:
    try:
        revocation.decline(row, note=note, by=officer.person, at=officer.at)
    except revocation.NeedsAnotherPerson as error:
        raise Refused(str(_MINE)) from error
    except revocation.AlreadyDecided as error:
        raise Refused(_("Somebody else decided this meanwhile.")) from error
    return _("The proposal is declined. The certificates stay valid.")


def _withdraw(officer: Officer, row: Revocation) -> Done:
    try:
        revocation.withdraw(row, by=officer.person, at=officer.at)
    except revocation.AlreadyDecided as error:
        raise Refused(_("Somebody else decided this meanwhile.")) from error
    return _("The proposal is withdrawn. The certificates stay valid.")
