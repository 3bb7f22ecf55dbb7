"""A password for people who know none, whom a roster brought or who forgot it: a one-time code on paper, no e-mail needed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from academy.people.models import ActivationCode, ChangeLog, Person
from academy.people.models.change_log import record
from academy.people.refusals import Refused
from academy.people.roles import may_administer
from academy.people.signin import find_person

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is read as something else
LENGTH = 10  # 49 bits: enough under the limit of tries
VALID_FOR = timedelta(days=30)


class WrongCode(ValueError):
    """Number and code do not belong together, or the code was used, replaced or is too old: one sentence for all."""


class CannotMakeCode(Refused):
    """Whoever sets a password takes the powers of the account: only for people who hold nothing one could not grant."""


@dataclass(frozen=True)
class Slip:
    """What is printed for one person; the code is shown this once."""

    person: Person
    code: str
    expires_at: datetime


def without_password(people: QuerySet[Person]) -> QuerySet[Person]:
    """Active people who never set a password."""
    return people.filter(is_active=True, nip__isnull=False, password__startswith=UNUSABLE_PASSWORD_PREFIX)


@transaction.atomic
def make_codes(people: Sequence[Person], *, by: Person, at: datetime) -> list[Slip]:
    """A fresh code for each; one made before stops working. The log names who made codes for whom, never a code.

    A password there was counts until the code is used. CannotMakeCode, and no code for anybody, if one of them holds a
    role that `by` could not have granted, or is `by`.
    """
    # Locked in one order, so that nobody receives a role in between.
    rows = Person.objects.select_for_update(no_key=True).filter(pk__in=[person.pk for person in people]).order_by("pk")
    locked = {row.pk: row for row in rows}
    slips = []
    for person in people:
        _refuse_takeover(locked[person.pk], by=by, at=at)
        slip = Slip(person, "".join(secrets.choice(ALPHABET) for _symbol in range(LENGTH)), at + VALID_FOR)
        known = locked[person.pk].has_usable_password()
        ActivationCode.objects.update_or_create(
            person=person,
            defaults={
                "code_hash": _hash(person, slip.code),
                "made_by": by,
                "made_at": at,
                "expires_at": slip.expires_at,
                "replaces_password": known,
                "used_at": None,
            },
        )
        detail = {"had_password": True} if known else {}
        record(ChangeLog.Action.CODE_MADE, by=by, at=at, unit=person.unit, subject=person, **detail)
        slips.append(slip)
    return slips


def _refuse_takeover(person: Person, *, by: Person, at: datetime) -> None:
    """CannotMakeCode for oneself, for wider powers, and for whom a code would be of no use."""
    name = {"name": person.full_name}
    if person == by:
        raise CannotMakeCode(_("Nobody makes a code for oneself. Ask somebody else who may."))
    if not may_administer(by, person, at=at):
        raise CannotMakeCode(_("%(name)s holds a role that you could not grant. Ask the operator.") % name)
    if not person.is_active:
        raise CannotMakeCode(_("%(name)s is not active. Reactivate the account first.") % name)
    if not person.nip:
        raise CannotMakeCode(_("%(name)s has no NIP to type beside the code, and sets a password by e-mail.") % name)


@transaction.atomic
def activate(login: str, code: str, *, password: str, at: datetime) -> Person:
    """Set the password of whom the NIP and the code belong to; the code works once. WrongCode otherwise.

    A code of somebody who received wider powers than its maker since no longer works: the maker may have kept it.
    """
    person = find_person(login)
    row = (
        ActivationCode.objects.select_for_update()
        .filter(person=person, person__is_active=True, used_at__isnull=True, expires_at__gt=at)
        .first()
        if person
        else None
    )
    fits = person and row and constant_time_compare(row.code_hash, _hash(person, normalise(code)))
    if person is None or row is None or not fits or not may_administer(row.made_by, person, at=at):
        raise WrongCode(
            _(
                "NIP and code do not belong together, or the code was used or is too old. Ask your personnel unit for a new one."
            )
        )
    row.used_at = at
    row.save(update_fields=["used_at"])
    person.set_password(password)
    person.save(update_fields=["password"])
    return person


def normalise(code: str) -> str:
    """The code that was meant: case, spaces and dashes do not matter."""
    return "".join(code.split()).replace("-", "").upper()


def grouped(code: str) -> str:
    """As printed: ABCDE-FGHJK."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def _hash(person: Person, code: str) -> str:
    return salted_hmac("academy.people.activation", f"{person.pk}:{code}", algorithm="sha256").hexdigest()
