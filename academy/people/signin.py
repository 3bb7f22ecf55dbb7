"""Signing in by NIP or e-mail. There is no self-registration: people come from rosters."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from django import forms
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from academy.people import nip
from academy.people.models import Person


def find_person(login: str) -> Person | None:
    """Who signs in with this text: 18 digits, spaces or dots allowed, are a NIP; anything else is an e-mail."""
    digits = nip.normalise(login)
    if len(digits) == nip.LENGTH and digits.isascii() and digits.isdigit():
        return cast("Person | None", Person.objects.filter(nip=digits).first())
    return cast("Person | None", Person.objects.filter(email__iexact=login.strip()).first())


class NipOrEmailBackend(ModelBackend):
    """Checks the password; an unknown login costs the same time as a wrong password."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Person | None:
        login = username or kwargs.get("email") or ""
        if not login or password is None:
            return None
        person = find_person(login)
        if person is None:
            Person().set_password(password)
            return None
        return person if person.check_password(password) and self.user_can_authenticate(person) else None


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("NIP or e-mail"),
            max_length=254,
            widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
        )

    def clean_login(self) -> str:
        return str(self.cleaned_data["login"]).strip()

    def user_credentials(self) -> dict[str, str]:
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
