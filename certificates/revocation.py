"""Revoking certificates: a few by one person, more than ten by two. Nothing is deleted, and nothing comes back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from academy.notifications.messages import send_once
from academy.people.models import Organiser, Person
from certificates.models import Certificate, Revocation
from courses import credit_hours
from courses.certification import no_longer_certified

MOST_ALONE = 10  # certificates that one person may revoke within COUNTED
COUNTED = timedelta(hours=24)  # so that a pile cut into portions is still a pile


class NothingToRevoke(Exception):
    """None of these certificates is valid any more, or none belongs to this organiser."""


class AlreadyDecided(Exception):
    """The revocation was withdrawn, declined or carried out by somebody else meanwhile."""


class NeedsAnotherPerson(Exception):
    """Whoever proposed it cannot be the second person."""


@transaction.atomic
def revoke(
    certificates: Collection[Certificate],
    *,
    organiser: Organiser,
    reason: Revocation.Reason,
    annuls_credit: bool,
    note: str,
    by: Person,
    at: datetime,
) -> Revocation:
    """Revoke those of the organiser's that are still valid, or propose it where that takes a second person.

    NothingToRevoke if none is; so a repeat changes nothing. Those not published yet are never published.
    """
    # Whoever sends two piles at once would be counted for neither; the second waits for the first.
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)
    chosen = Certificate.objects.live().filter(organiser=organiser, pk__in=[each.pk for each in certificates])
    valid = list(chosen.select_for_update().order_by("pk"))
    if not valid:
        raise NothingToRevoke
    revocation = Revocation.objects.create(
        organiser=organiser, reason=reason, annuls_credit=annuls_credit, note=note, proposed_by=by, proposed_at=at
    )
    revocation.certificates.set(valid)
    if not takes_second_person(len(valid), by=by, organiser=organiser, at=at):
        _carry_out(revocation, at=at)
    return revocation


@transaction.atomic
def approve(revocation: Revocation, *, by: Person, at: datetime) -> Revocation:
    """The second person's word; a repeat by the same person changes nothing.

    NeedsAnotherPerson for whoever proposed it, AlreadyDecided if it was withdrawn or decided by somebody else.
    """
    revocation = Revocation.objects.select_for_update().get(pk=revocation.pk)
    if revocation.carried_out_at and revocation.approved_by_id == by.pk:
        return revocation
    _check_second(revocation, by=by)
    revocation.approved_by = by
    _carry_out(revocation, at=at)
    return revocation


@transaction.atomic
def decline(revocation: Revocation, *, note: str, by: Person, at: datetime) -> Revocation:
    """The second person's no: the certificates stay valid. A repeat by the same person keeps the first note.

    NeedsAnotherPerson and AlreadyDecided as in `approve`.
    """
    revocation = Revocation.objects.select_for_update().get(pk=revocation.pk)
    if revocation.declined_at and revocation.declined_by_id == by.pk:
        return revocation
    _check_second(revocation, by=by)
    revocation.declined_at, revocation.declined_by, revocation.decline_note = at, by, note
    revocation.save(update_fields=["declined_at", "declined_by", "decline_note"])
    return revocation


def _check_second(revocation: Revocation, *, by: Person) -> None:
    if revocation.carried_out_at or revocation.withdrawn_at or revocation.declined_at:
        raise AlreadyDecided
    if revocation.proposed_by_id == by.pk:
        raise NeedsAnotherPerson


@transaction.atomic
def withdraw(revocation: Revocation, *, by: Person, at: datetime) -> Revocation:
    """Take a proposal back; a repeat changes nothing. AlreadyDecided once it was carried out or declined."""
    revocation = Revocation.objects.select_for_update().get(pk=revocation.pk)
    if revocation.carried_out_at or revocation.declined_at:
        raise AlreadyDecided
    if not revocation.withdrawn_at:
        revocation.withdrawn_at, revocation.withdrawn_by = at, by
        revocation.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return revocation


def takes_second_person(count: int, *, by: Person, organiser: Organiser, at: datetime) -> bool:
    """Whether so many more are too many for this person alone."""
    return count + _revoked_alone(by, organiser, since=at - COUNTED) > MOST_ALONE


def _revoked_alone(by: Person, organiser: Organiser, *, since: datetime) -> int:
    """How many this person revoked here lately without a second person."""
    alone = Revocation.objects.filter(
        organiser=organiser, proposed_by=by, approved_by__isnull=True, carried_out_at__gt=since
    )
    return Certificate.objects.filter(revocations__in=alone).count()


def _carry_out(revocation: Revocation, *, at: datetime) -> None:
    """Those replaced or revoked since it was proposed stay as they are."""
    valid = list(
        Certificate.objects.live()
        .filter(revocations=revocation)
        .select_related("completion__person")
        .select_for_update(of=("self",))
    )
    Certificate.objects.filter(pk__in=[each.pk for each in valid]).update(
        revoked_at=at,
        revocation_reason=revocation.reason,
        annuls_credit=revocation.annuls_credit,
        lease_until=None,
    )
    completion_ids = [each.completion_id for each in valid]
    no_longer_certified(completion_ids)
    if revocation.annuls_credit:
        credit_hours.annul(completion_ids, at=at)
    revocation.carried_out_at = at
    revocation.save(update_fields=["carried_out_at", "approved_by"])
    for certificate in valid:
        if certificate.published_at:
            _tell_holder(certificate, revocation, at=at)


def _tell_holder(certificate: Certificate, revocation: Revocation, *, at: datetime) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        send_once(
            certificate.completion.person,
            key=f"certificate-revoked:{certificate.pk}",
            subject=_("A certificate of yours was revoked"),
            body=_(
                "Hello %(name)s,\n\nyour certificate number %(number)s for “%(course)s” was revoked by %(organiser)s: "
                "%(reason)s.\n\nWhoever checks it sees this from now on: %(verify)s\n"
                "If you think that this is a mistake, please ask the organiser.\n"
            )
            % {
                "name": certificate.completion.person.full_name,
                "number": certificate.number,
                "course": certificate.facts["course"],
                "organiser": certificate.facts["organiser_short"],
                "reason": Revocation.Reason(revocation.reason).label,
                "verify": f"{settings.SITE_URL}/V/{certificate.code}",
            },
            at=at,
        )
