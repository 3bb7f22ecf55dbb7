"""The certificates an organiser has issued: finding them, the state of each, and the revisions of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people.models import Organiser, Person, Role
from certificates import codes, ends, issuing
from certificates.models import Certificate, Revocation
from courses.trainers import organisers_of

VALID, ENDING, ENDED, REVOKED, REPLACED, MADE, ASIDE = (
    *("berlaku", "segera-berakhir", "kedaluwarsa", "dicabut", "diganti", "dibuat", "disisihkan"),
)
_LIVE = Q(revoked_at__isnull=True, superseded_at__isnull=True)
_UNPUBLISHED = _LIVE & Q(published_at__isnull=True)
_ASIDE = Q(tries__gte=issuing.MOST_TRIES)
WORDS: dict[str, Any] = {
    VALID: gettext_lazy("Valid"),
    ENDING: gettext_lazy("Ends soon"),
    ENDED: gettext_lazy("Expired"),
    REVOKED: gettext_lazy("Revoked"),
    REPLACED: gettext_lazy("Replaced by a newer one"),
    MADE: gettext_lazy("Being made"),
    ASIDE: gettext_lazy("Set aside"),
}


DECLINED_SHOWN = timedelta(days=30)  # so long its proposer sees that a proposal was declined
LIVE = frozenset({VALID, ENDING, ENDED, MADE, ASIDE})  # those that can be revoked


@dataclass(frozen=True)
class Revision:
    """One certificate of a completion, with the decisions about it: who corrected it, who revoked it and who agreed."""

    certificate: Certificate
    revocation: Revocation | None


def own_organisers(person: Person, *, at: datetime) -> QuerySet[Organiser]:
    """Those this person answers for, with the role of organiser."""
    return organisers_of(person, at=at, kinds=[Role.Kind.ORGANISER])


def issued_by(organisers: QuerySet[Organiser]) -> QuerySet[Certificate]:
    return Certificate.objects.filter(organiser__in=organisers)


def matching(text: str) -> Q:
    """By a part of the number or of the printed name, or by the whole code in any spelling."""
    condition = Q(number__icontains=text) | Q(facts__name__icontains=text)
    try:
        return condition | Q(code=codes.normalise(text))
    except codes.InvalidCode:
        return condition


def held_with(digits: str) -> Q:
    """Of who has this NIP now, or had it when the certificate was printed."""
    return Q(completion__person__nip=digits) | Q(facts__nip=digits)


def in_state(state: str, *, at: datetime) -> Q:
    """Revoked goes before replaced, as in the public check. What ends soon is valid too; else there is one state each."""
    in_force = _LIVE & Q(published_at__isnull=False)
    ended, ending = ends.ended_and_ending(at=at)
    return {
        VALID: in_force & ~ended,
        ENDING: in_force & ending,
        ENDED: in_force & ended,
        REVOKED: Q(revoked_at__isnull=False),
        REPLACED: Q(revoked_at__isnull=True, superseded_at__isnull=False),
        MADE: _UNPUBLISHED & ~_ASIDE,
        ASIDE: _UNPUBLISHED & _ASIDE,
    }[state]


def state_of(certificate: Certificate, *, at: datetime) -> str:
    """What ends soon is named so."""
    if certificate.revoked_at:
        return REVOKED
    if certificate.superseded_at:
        return REPLACED
    if certificate.published_at and ends.has_ended(certificate, at=at):
        return ENDED
    if certificate.published_at:
        return ENDING if ends.ends_soon(certificate, at=at) else VALID
    return ASIDE if certificate.tries >= issuing.MOST_TRIES else MADE


def revisions_of(certificate: Certificate) -> list[Revision]:
    """All certificates of the same completion, oldest first."""
    rows = list(
        Certificate.objects.filter(completion=certificate.completion_id)
        .select_related("corrected_by", "organiser")
        .order_by("revision")
    )
    decided = _carried_out(rows)
    return [Revision(row, decided.get(row.pk) if row.revoked_at else None) for row in rows]


def _carried_out(certificates: Iterable[Certificate]) -> dict[int, Revocation]:
    """The decision that revoked each: of several about the same one, the first that was carried out."""
    found = (
        Revocation.objects.filter(certificates__in=certificates, carried_out_at__isnull=False)
        .select_related("proposed_by", "approved_by")
        .order_by("-carried_out_at", "-pk")
        .prefetch_related("certificates")
    )
    return {certificate.pk: decision for decision in found for certificate in decision.certificates.all()}


def waiting_revocations(organisers: QuerySet[Organiser]) -> QuerySet[Revocation]:
    """What was proposed and waits for a second person."""
    return Revocation.objects.waiting().filter(organiser__in=organisers)


def declined_lately(person: Person, *, at: datetime) -> QuerySet[Revocation]:
    """What this person proposed and somebody else declined, so that it is seen."""
    return Revocation.objects.filter(proposed_by=person, declined_at__gt=at - DECLINED_SHOWN)


def reason_in_words(code: str) -> str:
    return Revocation.Reason.in_words(code) or _("not stated")
