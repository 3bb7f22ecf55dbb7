"""Granting a role and ending it: who may, and what is written. A role is never deleted."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, Q
from django.utils.translation import gettext as _

from academy.people.models import Agency, AgencyGroup, ChangeLog, Person, Role, WorkUnit
from academy.people.models.change_log import record
from academy.people.models.role import RoleQuerySet, covers
from academy.people.refusals import Refused
from academy.people.scope import people_visible_to, units_visible_to

# Who holds the role on the left may grant those on the right, inside the own scope, to people in it. Whoever may grant
# a role may end it. An operator in force and a superuser may grant and end every role.
GRANTS: dict[Role.Kind, frozenset[Role.Kind]] = {
    Role.Kind.HR: frozenset({Role.Kind.HR}),
}


class CannotGrant(Refused):
    """The role may not be granted; the message says why."""


class CannotEnd(Refused):
    """The role is not this person's to end."""


def grants_everything(by: Person, *, at: datetime) -> bool:
    """An operator in force, or a superuser."""
    if not by.is_active:
        return False
    return by.is_superuser or Role.objects.in_force(at).filter(person=by, kind=Role.Kind.OPERATOR).exists()


def may_grant(
    by: Person, *, kind: str, unit: WorkUnit | None = None, group: AgencyGroup | None = None, at: datetime
) -> bool:
    """Whether `by` holds this scope with a role that grants roles of this kind."""
    return by.is_active and (grants_everything(by, at=at) or _holdings(by, kind, unit, group, at=at).exists())


def grantable_by(by: Person, *, at: datetime) -> Q:
    """The roles that `by` could grant and so may end, as a condition on a query of roles."""
    if not by.is_active:
        return Q(pk__in=[])
    if by.is_superuser:
        return Q()
    held = Role.objects.in_force(at).filter(person=by)
    condition = Q(Exists(held.filter(kind=Role.Kind.OPERATOR)))
    for holder, granted in GRANTS.items():
        groups = held.filter(kind=holder, group__isnull=False).values("group")
        inside = Q(unit__in=units_visible_to(by, kind=holder, at=at)) | Q(group__in=groups)
        condition |= Q(kind__in=granted) & inside
    return condition


def _holdings(by: Person, kind: str, unit: WorkUnit | None, group: AgencyGroup | None, *, at: datetime) -> RoleQuerySet:
    """The roles in force with which `by` covers that scope for roles of this kind."""
    granting = [holder for holder, granted in GRANTS.items() if kind in granted]
    held = Role.objects.in_force(at).filter(person=by, kind__in=granting)
    if group is not None:
        return held.filter(group=group)
    if unit is None:
        return held.none()
    return held.filter(covers(unit)).distinct()


def may_administer(by: Person, person: Person, *, at: datetime) -> bool:
    """Whether `by` may change how `person` signs in, or switch the account off.

    Who could do that to somebody of wider powers would take those powers: so only to people who hold nothing that `by`
    could not have granted.
    """
    if by == person or by.is_superuser:
        return True
    if person.is_superuser:
        return False
    if grants_everything(by, at=at):
        return True
    if person.is_staff:  # set by hand for work in the CMS, beside all roles
        return False
    held = Role.objects.not_ended(at).filter(person=person).select_related("unit", "group")
    return all(may_grant(by, kind=role.kind, unit=role.unit, group=role.group, at=at) for role in held)


@transaction.atomic
def grant_role(
    person: Person,
    *,
    kind: str,
    unit: WorkUnit | None = None,
    group: AgencyGroup | None = None,
    from_at: datetime,
    until_at: datetime | None,
    by: Person,
    at: datetime,
) -> Role:
    """Give `person` a role over `unit` and all below it, or over `group`. A repeat returns the role there is."""
    if unit:  # the lock keeps the unit from being closed or merged meanwhile
        Agency.objects.select_for_update(no_key=True).get(pk=unit.agency_id)
        unit = WorkUnit.objects.select_related("agency").get(pk=unit.pk)
    # A double click waits here; so does whoever deactivates the person.
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _check_granter(person, kind, unit, group, until_at, by=by, at=at)
    if not person.is_active:
        raise CannotGrant(_("%(name)s is not active. Reactivate the account first.") % {"name": person.full_name})
    if unit and unit.is_closed(at=at):
        raise CannotGrant(_("%(unit)s is closed. Choose another unit.") % {"unit": unit.name})
    if until_at and until_at <= max(from_at, at):
        raise CannotGrant(_("The end must be later than the beginning, and later than now."))
    known = _overlapping(person, kind, unit, group, from_at, until_at, at=at)
    if known:
        if known.until_at == until_at:
            return known
        raise CannotGrant(
            _("%(name)s holds this role already for that time. End it first.") % {"name": person.full_name}
        )
    role = Role.objects.create(
        person=person, kind=kind, unit=unit, group=group, from_at=from_at, until_at=until_at, granted_by=by
    )
    _record(ChangeLog.Action.ROLE_GRANTED, role, by=by, at=at)
    return role


def _check_granter(
    person: Person,
    kind: str,
    unit: WorkUnit | None,
    group: AgencyGroup | None,
    until_at: datetime | None,
    *,
    by: Person,
    at: datetime,
) -> None:
    if by == person and not by.is_superuser:
        raise CannotGrant(_("Nobody grants a role to oneself. Ask somebody else who may."))
    if grants_everything(by, at=at):
        return
    held = list(_holdings(by, kind, unit, group, at=at)) if by.is_active else []
    in_scope = any(
        people_visible_to(by, kind=Role.Kind(role.kind), at=at).filter(pk=person.pk).exists() for role in held
    )
    if not held or not in_scope:
        raise CannotGrant(_("You may grant only roles that you hold yourself, inside your scope and to people in it."))
    ends = [role.until_at for role in held]
    last = None if None in ends else max(end for end in ends if end)
    if last and (until_at is None or until_at > last):
        raise CannotGrant(_("Your own role ends before that. Choose an end no later than the end of your role."))


def _overlapping(
    person: Person,
    kind: str,
    unit: WorkUnit | None,
    group: AgencyGroup | None,
    from_at: datetime,
    until_at: datetime | None,
    *,
    at: datetime,
) -> Role | None:
    same = Role.objects.not_ended(at).filter(person=person, kind=kind, unit=unit, group=group)
    same = same.filter(Q(until_at__isnull=True) | Q(until_at__gt=from_at))
    if until_at:
        same = same.filter(from_at__lt=until_at)
    return same.first()


def may_end(by: Person, role: Role, *, at: datetime) -> bool:
    """Whoever may grant a role may end it, and everybody may lay down an own one."""
    return by == role.person or may_grant(by, kind=role.kind, unit=role.unit, group=role.group, at=at)


@transaction.atomic
def end_role(role: Role, *, by: Person, at: datetime) -> Role:
    """End the role at once; a role that has not begun never will. A repeat changes nothing."""
    locked = Role.objects.select_for_update(of=("self",)).select_related("person", "unit", "group").get(pk=role.pk)
    if not may_end(by, locked, at=at):
        raise CannotEnd(_("You may end only roles inside your scope that you could have granted."))
    if _end(locked, when=at):
        _record(ChangeLog.Action.ROLE_ENDED, locked, by=by, at=at)
    return locked


def end_roles(roles: RoleQuerySet, *, when: datetime, by: Person | None, at: datetime) -> list[Role]:
    """End all of these that have not ended by `when`, as a consequence of another action; which they were.

    Call it inside the transaction of that action; what `by` may is decided there.
    """
    ended = []
    for role in roles.not_ended(when).select_for_update(of=("self",)).select_related("person", "unit").order_by("pk"):
        if _end(role, when=when):
            _record(ChangeLog.Action.ROLE_ENDED, role, by=by, at=at)
            ended.append(role)
    return ended


def _end(role: Role, *, when: datetime) -> bool:
    if role.until_at is not None and role.until_at <= when:
        return False
    role.until_at = when
    role.save(update_fields=["until_at"])
    return True


def _record(action: ChangeLog.Action, role: Role, *, by: Person | None, at: datetime) -> None:
    record(
        action,
        by=by,
        at=at,
        unit=role.unit or role.person.unit,
        subject=role.person,
        role=role.pk,
        kind=role.kind,
        unit_name=role.unit.name if role.unit else "",
        group_name=role.group.name if role.group else "",
        from_at=role.from_at.isoformat(),
        until_at=role.until_at.isoformat() if role.until_at else None,
    )
