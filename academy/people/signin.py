"""Signing in by NIP or e-mail. There is no self-registration: people come from rosters."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db.models import F, FilteredRelation
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from academy.people import nip
from academy.people.models import Person, Role
from academy.people.models.role import in_force


def find_person(login: str) -> Person | None:
    """Who signs in with this text: 18 digits, spaces or dots allowed, are a NIP; anything else is an e-mail."""
    login = one_spelling(login)
    if len(login) == nip.LENGTH and _is_number(login):
        return cast("Person | None", Person.objects.filter(nip=login).first())
    return cast("Person | None", Person.objects.filter(email__iexact=login).first())


def one_spelling(login: str) -> str:
    """The same text for every way to type a login, so that wrong passwords count against one person."""
    digits = nip.normalise(login)
    return digits if _is_number(digits) else login.strip().lower()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


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

    def get_user(self, user_id: int) -> Person | None:
        """The person of a session together with the roles in force at this moment, in one query."""
        kept = FilteredRelation("roles", condition=in_force(timezone.now(), "roles__"))
        rows = list(Person.objects.filter(pk=user_id).annotate(kept=kept, role_kind=F("kept__kind")))
        if not rows or not self.user_can_authenticate(rows[0]):
            return None
        person: Person = rows[0]
        person.role_kinds = frozenset(Role.Kind(row.role_kind) for row in rows if row.role_kind)
        return person


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("NIP or e-mail"),
            max_length=254,
            widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
        )
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)

    def clean_login(self) -> str:
        login = one_spelling(self.cleaned_data["login"])
        if _is_number(login) and len(login) != nip.LENGTH:
            raise forms.ValidationError(nip.wrong_length(login))
        return login

    def user_credentials(self) -> dict[str, str]:
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The NIP or e-mail and the password do not belong together."),
        "username_password_mismatch": _("The NIP or e-mail and the password do not belong together."),
    }

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """HR officers land on their report, everybody else on their learning."""
        person = cast(Person, request.user)
        return "/laporan/" if Role.Kind.HR in person.role_kinds else settings.LOGIN_REDIRECT_URL

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
