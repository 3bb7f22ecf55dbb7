"""Setting a first password with a code, and the page where HR makes the codes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from academy.people import activation, throttling
from academy.people.gate import Officer, for_role
from academy.people.models import Role
from academy.people.signin import one_spelling

AT_ONCE = 50  # slips on one print
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
    paginator = Paginator(found.order_by("unit__path", "name", "pk"), AT_ONCE)
    page = paginator.get_page(officer.request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "count": paginator.count,
        "numbers": paginator.get_elided_page_range(page.number),
    }
    if officer.request.method == "GET":
        return render(officer.request, "people/activation_codes.html", context)
    chosen = [person for person in page if str(person.pk) in officer.request.POST.getlist("person")]
    if not chosen:
        context["error"] = _("Choose at least one person.")
        return render(officer.request, "people/activation_codes.html", context, status=422)
    try:
        slips = activation.make_codes(chosen, by=officer.person, at=officer.at)
    except activation.CannotMakeCode as refusal:
        context["error"] = str(refusal)
        return render(officer.request, "people/activation_codes.html", context, status=422)
    printed = [{"slip": slip, "code": activation.grouped(slip.code)} for slip in slips]
    address = officer.request.build_absolute_uri("/masuk/aktivasi/")
    return render(officer.request, "people/activation_slips.html", {"printed": printed, "address": address})
