"""Where an official signs the certificates of an organiser, with a passphrase that lives no longer than the request.

For holders of the organiser's role: the certificates are theirs. Who signs is proven by NIK or e-mail and passphrase,
not by the role, so the official may sit down beside whoever opened the page.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from academy.people.gate import Officer, for_role
from academy.people.models import Role
from certificates import batch_signing, issuing, signing
from certificates.models import Certificate
from certificates.signing import bsre

log = logging.getLogger(__name__)

SEND_CODE = "kode"
NIK = re.compile(r"[0-9]{16}")
KEY = re.compile(r"[0-9]{1,18}", re.ASCII)


class ChosenField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """What cannot be a key is no choice: a number that no column holds would be an error of the database."""

    def clean(self, value: Any) -> Any:
        return super().clean([one for one in value or () if KEY.fullmatch(str(one))])


class SignatoryForm(forms.Form):
    """`sertifikat` may name what was signed meanwhile: pressing the button twice signs once."""

    sertifikat = ChosenField(queryset=Certificate.objects.none(), label=gettext_lazy("Certificates"))
    penanda = forms.CharField(
        label=gettext_lazy("NIK or e-mail of the signatory"),
        max_length=254,
        help_text=gettext_lazy("As registered with BSrE."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    passphrase = forms.CharField(
        label=gettext_lazy("Passphrase"),
        max_length=200,
        required=False,
        strip=False,
        help_text=gettext_lazy("Sent to BSrE for these certificates and kept nowhere."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    totp = forms.RegexField(
        regex=r"^[0-9A-Za-z]{4,32}$",
        label=gettext_lazy("Or one-time code"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, data: Any = None, *, among: QuerySet[Certificate], sends_code: bool = False) -> None:
        super().__init__(data)
        self.fields["sertifikat"].queryset = among  # type: ignore[attr-defined]
        self._sends_code = sends_code

    def clean_sertifikat(self) -> QuerySet[Certificate]:
        chosen: QuerySet[Certificate] = self.cleaned_data["sertifikat"]
        if chosen.count() > batch_signing.MOST_AT_ONCE:
            message = _("At most %(count)d at once.") % {"count": batch_signing.MOST_AT_ONCE}
            raise forms.ValidationError(message)
        return chosen

    def clean_penanda(self) -> str:
        text = str(self.cleaned_data["penanda"])
        digits = re.sub(r"[\s.-]", "", text)
        if NIK.fullmatch(digits):
            return digits
        try:
            validate_email(text)
        except forms.ValidationError as error:
            raise forms.ValidationError(_("Type the 16 digits of the NIK, or an e-mail address.")) from error
        return text

    def clean(self) -> dict[str, Any]:
        given = [name for name in ("passphrase", "totp") if self.cleaned_data.get(name)]
        if not self._sends_code and len(given) != 1 and not {"passphrase", "totp"} & set(self.errors):
            self.add_error("passphrase", _("Type either the passphrase or a one-time code."))
        return self.cleaned_data

    def identity(self) -> bsre.Identity:
        who = self.cleaned_data["penanda"]
        return bsre.Identity(
            nik="" if "@" in who else who,
            email=who if "@" in who else "",
            passphrase=self.cleaned_data["passphrase"],
            totp=self.cleaned_data["totp"],
        )


@sensitive_post_parameters()
@for_role(Role.Kind.ORGANISER, "GET", "POST")
def sign(officer: Officer) -> HttpResponse:
    """The certificates that wait for their signatory, and a form that signs them."""
    request = officer.request
    in_scope = Certificate.objects.filter(organiser__unit__in=officer.units())
    among = in_scope.filter(facts__signed_by=signing.BY_HAND)
    is_open = settings.SIGNING.backend == signing.BY_HAND
    sends_code = request.POST.get("aksi") == SEND_CODE
    form = SignatoryForm(request.POST if request.method == "POST" else None, among=among, sends_code=sends_code)
    if request.method == "POST" and is_open and form.is_valid():
        chosen = form.cleaned_data["sertifikat"].order_by("issued_at", "pk")
        try:
            if sends_code:
                bsre.send_code(settings.SIGNING.bsre, form.identity(), files=chosen.count())
                messages.success(request, _("BSrE sends the signatory a one-time code for these certificates."))
            else:
                _tell(officer, chosen.count(), batch_signing.sign(chosen, form.identity(), at=officer.at))
                return redirect("signatory")
        except signing.SigningRefused as refusal:
            form.add_error(None, str(refusal))
        except signing.SignerUnavailable:
            form.add_error(
                None, _("BSrE cannot be reached now. The certificates wait, nothing is lost; try again later.")
            )
        except OSError:
            log.exception("Signed certificates cannot be stored")
            form.add_error(
                None, _("The signed files cannot be stored now. What is not out yet waits; try again later.")
            )
    waiting = among & issuing.waiting_for_signatory()
    rows = list(waiting.select_related("organiser").order_by("issued_at", "pk")[: batch_signing.MOST_AT_ONCE])
    chosen_keys = set(request.POST.getlist("sertifikat")) if form.is_bound else {str(row.pk) for row in rows}
    context = {
        "form": form,
        "is_open": is_open,
        "rows": [_row(row, is_chosen=str(row.pk) in chosen_keys) for row in rows],
        "waiting": waiting.count(),
        "send_code": SEND_CODE,
    }
    return render(request, "certificates/signatory.html", context, status=422 if form.errors else 200)


def _row(certificate: Certificate, *, is_chosen: bool) -> dict[str, Any]:
    return {
        "pk": certificate.pk,
        "is_chosen": is_chosen,
        "number": certificate.number,
        "name": certificate.facts["name"],
        "course": certificate.facts["course"],
        "issued_on": certificate.issued_at,
        "error": certificate.last_error.partition(": ")[2] if certificate.tries else "",
    }


def _tell(officer: Officer, asked: int, outcome: batch_signing.Outcome) -> None:
    """What was signed, what was not and why, and what somebody else is at or has signed."""
    signed = len(outcome.signed)
    text = ngettext("%(count)d certificate is signed and out.", "%(count)d certificates are signed and out.", signed)
    (messages.success if signed else messages.info)(officer.request, text % {"count": signed})
    for certificate, reason in outcome.refused:
        line = _("%(number)s is not signed: %(reason)s") % {"number": certificate.number, "reason": reason}
        messages.error(officer.request, line)
    if others := asked - signed - len(outcome.refused):
        text = ngettext(
            "%(count)d was signed already or is being signed in another window.",
            "%(count)d were signed already or are being signed in another window.",
            others,
        )
        messages.info(officer.request, text % {"count": others})
