"""What is owed to learners, for the operator: certificates on their way, those set aside with the reason, and retrying."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from academy.people.gate import Officer, for_role
from academy.people.models import Role
from academy.people.operator_forms import ListSearch
from academy.people.views.operator import page_of, render_form, render_list
from certificates import issuing, signing
from certificates.models import Certificate
from certificates.run_certificates import take_up_again

SET_ASIDE = "disisihkan"


class QueueSearch(ListSearch):
    keadaan = forms.ChoiceField(
        choices=[
            ("", gettext_lazy("All")),
            ("menunggu", gettext_lazy("Waiting")),
            (SET_ASIDE, gettext_lazy("Set aside")),
        ],
        required=False,
        label=gettext_lazy("State"),
    )

    def rows(self) -> QuerySet[Certificate]:
        match self.chosen()["keadaan"]:
            case "menunggu":
                return issuing.owed_files()
            case "disisihkan":
                return issuing.set_aside()
            case _:
                return issuing.unpublished()


@for_role(Role.Kind.OPERATOR, "GET")
def queue(officer: Officer) -> HttpResponse:
    """Certificates without a file yet. Names are left out: the operator repairs, and need not know whose they are."""
    search = QueueSearch(officer.request.GET)
    page = page_of(officer.request, search.rows().select_related("organiser").order_by("-tries", "issued_at", "pk"))
    without_row = issuing.completions_without_certificate().count()
    columns = [(_("Number"), False), (_("Organiser"), False), (_("Certificate date"), False), (_("State"), False)]
    columns += [(_("Tries"), True), (_("Last error"), False)]
    return render_list(
        officer,
        title=_("Certificates to be published"),
        lead=_lead(without_row),
        search=search,
        page=page,
        columns=columns,
        rows=[
            [
                {"value": row.number, "whole": True},
                {"value": row.organiser.short_name},
                {"moment": row.issued_at},
                {"value": _state(row, officer)},
                {"number": row.tries},
                {"value": row.last_error[:300] or "–"},
            ]
            for row in page
        ],
        add=(reverse("operator_certificates_retry"), _("Try again")) if issuing.set_aside().exists() else None,
    )


def _lead(without_row: int) -> str:
    if without_row:
        text = ngettext(
            "%(count)d person has finished and has no number yet; it is usually given within a minute.",
            "%(count)d people have finished and have no number yet; it is usually given within a minute.",
            without_row,
        )
        return text % {"count": without_row}
    return "" if issuing.unpublished().exists() else _("All certificates are published.")


def _state(certificate: Certificate, officer: Officer) -> str:
    if certificate.tries >= issuing.MOST_TRIES:
        return _("Set aside")
    if certificate.facts.get("signed_by") == signing.BY_HAND:
        return _("Waiting for its signatory")
    if certificate.facts.get("signed_by", settings.SIGNING.backend) != settings.SIGNING.backend:
        return _("Waiting for the signer %(name)s") % {"name": certificate.facts["signed_by"]}
    if certificate.lease_until and certificate.lease_until > officer.at:
        return _("In work")
    return _("Waiting")


@for_role(Role.Kind.OPERATOR, "GET", "POST")
def retry(officer: Officer) -> HttpResponse:
    """Let the sweep take up everything that was set aside; a second time there is nothing left to take up."""
    aside = issuing.set_aside()
    if officer.request.method == "POST":
        count = take_up_again(aside, at=officer.at)
        text = ngettext(
            "%(count)d certificate will be tried again within a minute.",
            "%(count)d certificates will be tried again within a minute.",
            count,
        )
        if count:
            messages.success(officer.request, text % {"count": count})
        return redirect("operator_certificates")
    count = aside.count()
    if not count:
        return redirect("operator_certificates")
    note = ngettext(
        "%(count)d certificate was tried five times and set aside. Mend the cause first, then try again.",
        "%(count)d certificates were tried five times and set aside. Mend the cause first, then try again.",
        count,
    )
    return render_form(
        officer,
        forms.Form(),
        title=_("Try certificates again"),
        note=note % {"count": count},
        action=_("Try again"),
        back=(reverse("operator_certificates"), _("Certificates to be published")),
    )
