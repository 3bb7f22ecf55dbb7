"""Correcting what is known about a person, and switching the account off and on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.people import grades, nip
from academy.people.models import ChangeLog, NipHistory, Person
from academy.people.models.change_log import record
from academy.people.refusals import Refused
from academy.people.roles import may_administer

FIELDS = ("name", "title_before", "title_after", "nip", "email", "grade", "position")
# Who changes these decides who can sign in as that person.
FIELDS_OF_SIGNING_IN = frozenset({"nip", "email"})


class CannotCorrect(Refused):
    """The change is refused."""


def preview(
    person: Person, changes: Mapping[str, str], *, by: Person, at: datetime
) -> dict[str, tuple[str | None, str | None]]:
    """What `correct` would change: the values before and after, by field. Refused like it; nothing is written."""
    return _set(Person.objects.get(pk=person.pk), changes, by=by, at=at)


@transaction.atomic
def correct(person: Person, changes: Mapping[str, str], *, by: Person, at: datetime) -> Person:
    """Set the given `FIELDS`; an empty NIP or e-mail takes it away. A former NIP is kept.

    One log line with the values before and after; none if nothing changes.
    """
    locked = _lock(person)
    changed = _set(locked, changes, by=by, at=at)
    if not changed:
        return locked
    _save(locked, list(changed))
    if "nip" in changed:
        follow_nip(locked, former=changed["nip"][0], at=at)
    action = ChangeLog.Action.NIP_CHANGED if set(changed) == {"nip"} else ChangeLog.Action.CORRECTED
    record(
        action,
        by=by,
        at=at,
        unit=locked.unit,
        subject=locked,
        before={field: before for field, (before, _after) in changed.items()},
        after={field: after for field, (_before, after) in changed.items()},
    )
    return locked


def _set(
    person: Person, changes: Mapping[str, str], *, by: Person, at: datetime
) -> dict[str, tuple[str | None, str | None]]:
    """Give the object, not the row, its new values; those that differ from before, checked."""
    wanted = {field: _cleaned(field, text) for field, text in changes.items() if field in FIELDS}
    changed = {field: (getattr(person, field), value) for field, value in wanted.items()}
    changed = {field: (before, after) for field, (before, after) in changed.items() if before != after}
    if FIELDS_OF_SIGNING_IN & set(changed) and not may_administer(by, person, at=at):
        raise CannotCorrect(
            _("This person holds a role that you could not grant, so NIP and e-mail are for the operator to change."),
            field=next(field for field in ("nip", "email") if field in changed),
        )
    for field, (_before, after) in changed.items():
        setattr(person, field, after)
    if changed:
        _check(person, {field: after for field, (_before, after) in changed.items()})
    return changed


def _lock(person: Person) -> Person:
    """The row of today, held until the end of the transaction. No join: see transfers."""
    return cast(Person, Person.objects.select_for_update(no_key=True).get(pk=person.pk))


def _cleaned(field: str, text: str) -> str | None:
    text = " ".join((text or "").split())
    if field == "nip":
        return nip.normalise(text) or None
    if field == "email":
        return text.lower() or None
    return text


def _check(person: Person, changed: Mapping[str, str | None]) -> None:
    if not person.nip and not person.email:
        raise CannotCorrect(_("A person needs a NIP or an e-mail, else nobody could sign in."), field="nip")
    # A grade that came from elsewhere may stay; a new one must be known.
    if changed.get("grade") and changed["grade"] not in grades.ALL:
        raise CannotCorrect(
            _("There is no golongan %(grade)s. PNS have I/a to IV/e, PPPK I to XVII.") % {"grade": changed["grade"]},
            field="grade",
        )
    try:
        person.clean_fields(exclude={field.name for field in Person._meta.fields} - set(changed))
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise CannotCorrect(messages[0], field=field) from error
    if changed.get("nip"):
        refuse_taken_nip(person, str(changed["nip"]))
    if changed.get("email") and Person.objects.exclude(pk=person.pk).filter(email__iexact=changed["email"]).exists():
        raise CannotCorrect(_taken("email"), field="email")


def refuse_taken_nip(person: Person, number: str) -> None:
    """CannotCorrect if somebody else has or had this number; it is not said who."""
    has = Person.objects.exclude(pk=person.pk).filter(nip=number)
    had = NipHistory.objects.exclude(person=person).filter(nip=number)
    if has.exists() or had.exists():
        raise CannotCorrect(_taken("nip"), field="nip")


def _taken(field: str) -> str:
    if field == "nip":
        return _("This NIP is already in use. Check the number; if it is right, ask the operator.")
    return _("This e-mail is already in use. Check the address; if it is right, ask the operator.")


def _save(person: Person, fields: list[str]) -> None:
    """Two who choose the same number at the same moment: the second is refused like one who comes later."""
    try:
        with transaction.atomic():
            person.save(update_fields=fields)
    except IntegrityError as error:
        field = "email" if "email" in str(error) else "nip"
        raise CannotCorrect(_taken(field), field=field) from error


def follow_nip(person: Person, *, former: str | None, at: datetime) -> None:
    """Keep the former number, and let the kind follow a number that tells it."""
    day = person.unit.agency.day(at) if person.unit else timezone.localdate(at)
    if former:
        NipHistory.objects.update_or_create(person=person, nip=former, defaults={"until_on": day})
    if not person.nip:
        return
    kind = nip.parse(person.nip).kind
    if kind is not nip.NipKind.UNKNOWN and person.kind != kind:
        person.kind = Person.Kind(kind)
        person.save(update_fields=["kind"])


def change_nip(person: Person, number: str, *, at: datetime) -> None:
    """Give the locked `person` another number inside a larger action, which logs it. CannotCorrect if it is not one."""
    former, person.nip = person.nip, nip.normalise(number)
    if person.nip == former:
        return
    _check(person, {"nip": person.nip})
    _save(person, ["nip"])
    follow_nip(person, former=former, at=at)


@transaction.atomic
def deactivate(person: Person, *, by: Person, at: datetime) -> Person:
    """The person can no longer sign in and is no longer counted; nothing is deleted. A repeat changes nothing."""
    locked = _lock(person)
    if not locked.is_active:
        return locked
    if locked == by:
        raise CannotCorrect(_("You cannot deactivate your own account."))
    if not may_administer(by, locked, at=at):
        raise CannotCorrect(_("This person holds a role that you could not grant. Ask the operator."))
    locked.is_active = False
    locked.save(update_fields=["is_active"])
    record(ChangeLog.Action.DEACTIVATED, by=by, at=at, unit=locked.unit, subject=locked)
    return locked


@transaction.atomic
def reactivate(person: Person, *, by: Person, at: datetime) -> Person:
    """Undo `deactivate`. A repeat changes nothing."""
    locked = _lock(person)
    if locked.is_active:
        return locked
    if not may_administer(by, locked, at=at):
        raise CannotCorrect(_("This person holds a role that you could not grant. Ask the operator."))
    if locked.unit and locked.unit.is_closed(at=at):
        raise CannotCorrect(
            _("%(unit)s is closed. Move the person to another unit first.") % {"unit": locked.unit.name}
        )
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    record(ChangeLog.Action.REACTIVATED, by=by, at=at, unit=locked.unit, subject=locked)
    return locked
