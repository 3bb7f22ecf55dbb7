"""Moving people (mutasi): inside an agency, from one agency to another, and out of service.

Locks are always taken in this order: agency, person, transfer. Units are closed and merged under the same lock of the
agency, so nobody is placed in a unit that is closing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

from django.db import transaction
from django.utils.translation import gettext as _

from academy.people.corrections import change_nip
from academy.people.models import Agency, ChangeLog, Person, Placement, Role, Transfer, WorkUnit
from academy.people.models.change_log import record
from academy.people.placements import drop_plan, place
from academy.people.refusals import Refused
from academy.people.roles import end_roles, may_administer

FURTHEST_AHEAD = timedelta(days=366)


class CannotMove(Refused):
    """The person cannot be placed there; the message says why."""


class CannotRelease(Refused):
    """The person cannot be released to that agency."""


class TransferClosed(Refused):
    """The other side was quicker: the transfer is withdrawn, or the person placed already."""


@transaction.atomic
def move(person: Person, *, unit: WorkUnit, from_on: date, by: Person, at: datetime) -> Placement:
    """Let `person` work in another unit of the same agency from `from_on` on; a day ahead is mirrored when it comes.

    A repeat, and a move to where the person works on that day anyway, changes nothing.
    """
    unit = _open_unit(unit, at=at)
    person = _lock(person)
    if person.unit is None or person.unit.agency_id != unit.agency_id:
        raise CannotMove(_("%(unit)s belongs to another agency. Release the person instead.") % {"unit": unit.name})
    today = unit.agency.day(at)
    _check_day(person, from_on, today=today)
    there = person.placements.filter(from_on__lte=from_on).order_by("-from_on").first()
    if there and there.unit_id == unit.pk:
        return there
    before = person.unit
    placement = place(person, unit=unit, from_on=from_on, today=today)
    _record_placed(person, before=before, after=unit, from_on=from_on, by=by, at=at)
    return placement


@transaction.atomic
def cancel_plan(person: Person, *, from_on: date, by: Person, at: datetime) -> bool:
    """Drop what is planned for that day, a move or the end of service; False if nothing is planned there any more.

    Roles that were to end with the end of service still end: when they would have ended otherwise is not known.
    """
    person = _lock(person)
    plan = person.placements.select_related("unit").filter(from_on=from_on).first()
    if plan is None:
        return False
    if person.unit is None:
        raise CannotMove(_("%(name)s works in no unit.") % {"name": person.full_name})
    today = person.unit.agency.day(at)
    if from_on <= today:
        raise CannotMove(_("That day has come. Move the person back instead."))
    drop_plan(plan, today=today)
    record(
        ChangeLog.Action.PLAN_CANCELLED,
        by=by,
        at=at,
        unit=person.unit,
        subject=person,
        from_on=from_on.isoformat(),
        planned=plan.unit.name if plan.unit else "",
    )
    return True


@transaction.atomic
def release(person: Person, *, to_agency: Agency, by: Person, at: datetime) -> Transfer:
    """Let the person go to another agency. Until that agency places them, the old one still sees and counts them.

    A repeat returns the release there is.
    """
    person = _lock(person)
    if person.unit is None:
        raise CannotRelease(_("%(name)s works in no unit, so there is nobody to release.") % {"name": person.full_name})
    if person.unit.agency_id == to_agency.pk:
        raise CannotRelease(_("%(name)s works there already. Move the person instead.") % {"name": person.full_name})
    known = _open_transfer(person)
    if known:
        if known.to_agency_id == to_agency.pk:
            return known
        raise CannotRelease(
            _("%(name)s is released to %(agency)s already. Withdraw that release first.")
            % {"name": person.full_name, "agency": known.to_agency.name}
        )
    transfer = Transfer.objects.create(
        person=person, name=person.full_name, from_unit=person.unit, to_agency=to_agency, released_by=by, released_at=at
    )
    record(
        ChangeLog.Action.RELEASED,
        by=by,
        at=at,
        unit=person.unit,
        subject=person,
        transfer=transfer.pk,
        to_agency=to_agency.name,
    )
    return transfer


@transaction.atomic
def withdraw_release(transfer: Transfer, *, by: Person, at: datetime) -> Transfer:
    """Take a release back before the person is placed. A repeat changes nothing; TransferClosed if it is too late."""
    person = _lock(transfer.person)
    locked = _lock_transfer(transfer)
    if locked.placed_at is not None:
        raise TransferClosed(_("The new agency has placed this person already."))
    if locked.withdrawn_at is not None:
        return locked
    locked.withdrawn_at = at
    locked.save(update_fields=["withdrawn_at"])
    record(
        ChangeLog.Action.RELEASED,
        by=by,
        at=at,
        unit=person.unit,
        subject=person,
        transfer=locked.pk,
        to_agency=locked.to_agency.name,
        withdrawn=True,
    )
    return locked


@transaction.atomic
def place_arrival(
    transfer: Transfer, *, unit: WorkUnit, by: Person, at: datetime, new_nip: str | None = None
) -> Transfer:
    """Place a released person in a unit of the new agency, from today on; from then on the new agency sees them.

    A new NIP (PPPK) is set in the same step and the former one kept. Roles over units of the agency left behind end,
    and placements planned there are dropped. A repeat changes nothing; TransferClosed if others were quicker.
    """
    unit = _open_unit(unit, at=at)
    person = _lock(transfer.person)
    locked = _lock_transfer(transfer)
    if locked.withdrawn_at is not None:
        raise TransferClosed(_("The other agency has withdrawn the release."))
    if locked.placed_at is not None:
        if locked.placed_in_id == unit.pk:
            return locked
        raise TransferClosed(
            _("%(name)s has been placed in %(unit)s already.") % {"name": person.full_name, "unit": locked.placed_in}
        )
    if unit.agency_id != locked.to_agency_id:
        raise CannotMove(_("%(unit)s does not belong to the agency the person was released to.") % {"unit": unit.name})
    before, former_nip = person.unit, person.nip
    today = unit.agency.day(at)
    if new_nip:
        change_nip(person, new_nip, at=at)
    _drop_plans(person, after=today)
    place(person, unit=unit, from_on=today, today=today)
    locked.placed_in, locked.placed_by, locked.placed_at = unit, by, at
    locked.save(update_fields=["placed_in", "placed_by", "placed_at"])
    nips = {"nip": {"before": former_nip, "after": person.nip}} if person.nip != former_nip else {}
    _record_placed(person, before=before, after=unit, from_on=today, by=by, at=at, transfer=locked.pk, **nips)
    if before:
        end_roles(Role.objects.filter(person=person, unit__agency=before.agency_id), when=at, by=by, at=at)
    return locked


@transaction.atomic
def leave(person: Person, *, from_on: date, by: Person, at: datetime) -> Placement:
    """The person leaves the service of the agency (retired, dismissed, deceased) on that day and works in no unit then.

    All roles end with that day's beginning; what was earned stays. A repeat changes nothing.
    """
    person = _lock(person)
    if person.unit is None:
        last = person.placements.order_by("-from_on").first()
        if last and last.unit is None and last.from_on == from_on:
            return last
        raise CannotMove(_("%(name)s works in no unit.") % {"name": person.full_name})
    if _open_transfer(person):
        raise CannotMove(
            _("%(name)s is released to another agency. Withdraw the release first.") % {"name": person.full_name}
        )
    if person == by:
        raise CannotMove(_("You cannot end your own service. Ask somebody else who may."))
    if not may_administer(by, person, at=at):
        raise CannotMove(_("This person holds a role that you could not grant. Ask the operator."))
    agency, before = person.unit.agency, person.unit
    today = agency.day(at)
    _check_day(person, from_on, today=today)
    known = person.placements.filter(from_on=from_on, unit=None).first()
    if known:
        return known
    _drop_plans(person, after=from_on)
    placement = place(person, unit=None, from_on=from_on, today=today)
    _record_placed(person, before=before, after=None, from_on=from_on, by=by, at=at)
    when = at if from_on <= today else agency.midnight(from_on)
    end_roles(Role.objects.filter(person=person), when=when, by=by, at=at)
    return placement


def _open_unit(unit: WorkUnit, *, at: datetime) -> WorkUnit:
    """The unit as it stands under the lock of its agency; CannotMove if it is closed."""
    Agency.objects.select_for_update(no_key=True).get(pk=unit.agency_id)
    fresh: WorkUnit = WorkUnit.objects.select_related("agency", "merged_into").get(pk=unit.pk)
    if fresh.is_closed(at=at):
        if fresh.merged_into:
            raise CannotMove(
                _("%(unit)s was merged into %(into)s. Choose that unit.")
                % {"unit": fresh.name, "into": fresh.merged_into.name}
            )
        raise CannotMove(_("%(unit)s is closed. Choose another unit.") % {"unit": fresh.name})
    return fresh


def _lock(person: Person) -> Person:
    """The row of today, held until the end of the transaction.

    Without a join: PostgreSQL hands out a row it waited for as it is now, but what was joined as it was before.
    """
    return cast(Person, Person.objects.select_for_update(no_key=True).get(pk=person.pk))


def _lock_transfer(transfer: Transfer) -> Transfer:
    return Transfer.objects.select_for_update().get(pk=transfer.pk)


def _open_transfer(person: Person) -> Transfer | None:
    return Transfer.objects.under_way().filter(person=person).select_related("to_agency").first()


def _check_day(person: Person, from_on: date, *, today: date) -> None:
    """CannotMove if the day lies before the placement of today, which it would not change, or far ahead."""
    current = person.placements.filter(from_on__lte=today).order_by("-from_on").first()
    if current and from_on < current.from_on:
        raise CannotMove(
            _("The person has worked in %(unit)s since a later day. Choose that day or one after it.")
            % {"unit": person.unit},
            field="from_on",
        )
    if from_on > today + FURTHEST_AHEAD:
        raise CannotMove(_("That day is more than a year ahead."), field="from_on")


def _drop_plans(person: Person, *, after: date) -> None:
    """Placements planned for later would lead the person back to where they no longer belong."""
    person.placements.filter(from_on__gt=after).delete()


def _record_placed(
    person: Person,
    *,
    before: WorkUnit | None,
    after: WorkUnit | None,
    from_on: date,
    by: Person,
    at: datetime,
    **detail: object,
) -> None:
    far = before is not None and after is not None and before.agency_id != after.agency_id
    record(
        ChangeLog.Action.PLACED,
        by=by,
        at=at,
        unit=after or before,
        subject=person,
        from_on=from_on.isoformat(),
        before=_name(before, with_agency=far),
        after=_name(after, with_agency=far),
        **detail,
    )


def _name(unit: WorkUnit | None, *, with_agency: bool) -> str:
    if unit is None:
        return ""
    return f"{unit.name}, {unit.agency.name}" if with_agency and not unit.is_root() else unit.name
