"""Setting a password with a code, and the pages where HR makes the codes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from academy.people import activation, nip, throttling
from academy.people.gate import Officer, for_role
from academy.people.models import Person, Role
from academy.people.signin import one_spelling
from academy.people.views.asking import ask, fact, person_crumbs
from academy.people.views.paging import paged

TRIES_PER_MINUTE = 10
BACKEND = "academy.people.signin.NipOrEmailBackend"


class ActivationForm(forms.Form):
    nip = forms.CharField(
        label="NIP", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "numeric"})
    )
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("Ten letters and digits, from your personnel unit."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}),
    )
    password1 = forms.CharField(
        label=gettext_lazy("New password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    password2 = forms.CharField(
        label=gettext_lazy("New password, once more"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        password_validation.validate_password(password)
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password1") and data.get("password2") and data["password1"] != data["password2"]:
            self.add_error("password2", _("The two passwords differ."))
        return data


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@throttling.answers_too_many
def activate(request: HttpRequest) -> HttpResponse:
    """NIP, code and a new password; then the person is signed in."""
    form = ActivationForm(request.POST or None)
    if request.method == "POST":
        throttling.spend(request, name="activate", per_minute=TRIES_PER_MINUTE)
        if form.is_valid():
            try:
                person = activation.activate(
                    one_spelling(form.cleaned_data["nip"]),
                    form.cleaned_data["code"],
                    password=form.cleaned_data["password1"],
                    at=timezone.now(),
                )
            except activation.WrongCode as refusal:
                form.add_error("code", str(refusal))
            else:
                login(request, person, backend=BACKEND)
                messages.success(request, _("Your password is set and you are signed in."))
                return redirect("my_learning")
    return render(request, "people/activate.html", {"form": form}, status=422 if form.errors else 200)


@for_role(Role.Kind.HR, "GET", "POST")
def codes(officer: Officer) -> HttpResponseBase:
    """People of the scope without a password; POST makes codes for those of the shown page and prints them once."""
    found = activation.without_password(officer.people()).select_related("unit__agency")
    context = paged(officer, found.order_by("unit__path", "name", "pk"))
    if officer.request.method == "POST":
        chosen = [person for person in context["page"] if str(person.pk) in officer.request.POST.getlist("person")]
        try:
            if chosen:
                return _slips(officer, chosen)
            context["error"] = _("Choose at least one person.")
        except activation.CannotMakeCode as refusal:
            context["error"] = str(refusal)
    status = 422 if "error" in context else 200
    return render(officer.request, "people/activation_codes.html", context, status=status)


@for_role(Role.Kind.HR, "GET", "POST")
def new_code(officer: Officer, pk: int) -> HttpResponseBase:
    """A code for one person who cannot sign in any more, with a password or without."""
    subject = get_object_or_404(officer.people().select_related("unit"), pk=pk)
    consequences = [_("The code is shown this once. It works once and for 30 days; a code made before stops working.")]
    if subject.has_usable_password():
        consequences.append(
            _("The present password counts until the code is used. Then it stops counting, and open sessions end.")
        )
        if subject.email:
            consequences.append(_("The person gets a message about it at %(email)s.") % {"email": subject.email})
    title = _("New activation code")
    return ask(
        officer,
        act=lambda _fields: _slips(officer, [subject]),
        title=title,
        lead=subject.full_name,
        crumbs=person_crumbs(subject, title),
        facts=[fact(_("NIP"), nip.grouped(subject.nip or "") or "–"), fact(_("Work unit"), subject.unit)],
        consequences=[_("Give the code to the person alone: whoever has it can sign in as them."), *consequences],
        button=_("Make the code and print it"),
        back=reverse("hr_person", args=[subject.pk]),
    )


def _slips(officer: Officer, people: list[Person]) -> HttpResponse:
    """Make the codes and show them, to be printed."""
    slips = activation.make_codes(people, by=officer.person, at=officer.at)
    printed = [{"slip": slip, "code": activation.grouped(slip.code)} for slip in slips]
    address = officer.request.build_absolute_uri("/masuk/aktivasi/")
    return render(officer.request, "people/activation_slips.html", {"printed": printed, "address": address})
