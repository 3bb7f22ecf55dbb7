from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from academy.notifications.models import Message
from academy.people.models import Organiser, Person
from certificates import issuing, revocation, verification
from certificates.models import Certificate, Revocation
from certificates.verification import Outcome
from courses.credit_hours import credit_hours
from tests.certificates.test_certificate_races import at_once
from tests.factories import AT, CourseFactory, OrganiserFactory, PersonFactory, make_completion, make_edition

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


def issued(count: int, *, organiser: Organiser | None = None) -> list[Certificate]:
    edition = make_edition(CourseFactory(organiser=organiser or OrganiserFactory()))
    return [issuing.issue(make_completion(edition=edition), at=AT) for _certificate in range(count)]


def revoke(certificates: list[Certificate], by: Person, **changes: Any) -> Revocation:
    choices: dict[str, Any] = {
        "organiser": certificates[0].organiser,
        "reason": Revocation.Reason.ISSUED_IN_ERROR,
        "annuls_credit": False,
        "note": "",
        "at": LATER,
    }
    return revocation.revoke(certificates, by=by, **choices | changes)


def test_a_revoked_certificate_answers_revoked_with_reason_and_its_holder_is_told_once():
    (certificate,) = issued(1)
    issuing.publish_file(certificate, at=AT)
    by = PersonFactory()
    revoke([certificate], by)
    verdict = verification.look_up(certificate.code)
    assert (verdict.outcome, verdict.revoked_at, verdict.revocation_reason) == (
        Outcome.REVOKED, LATER, "issued-in-error",
    )  # fmt: skip
    with pytest.raises(revocation.NothingToRevoke):
        revoke([certificate], by, at=LATER + timedelta(days=1))
    certificate.refresh_from_db()
    assert certificate.revoked_at == LATER
    assert Message.objects.filter(key__startswith="certificate-revoked:").count() == 1


def test_a_certificate_on_its_way_is_not_published_after_it_was_revoked():
    (certificate,) = issued(1)
    revoke([certificate], PersonFactory())
    assert issuing.sweep(at=LATER + timedelta(days=1), limit=10).published == 0
    assert Certificate.objects.count() == 1  # and no sweep issues another
    assert not Message.objects.exists()


@pytest.mark.parametrize("annuls", [True, False])
def test_credit_is_annulled_only_where_the_revocation_says_so(annuls: bool):
    (certificate,) = issued(1)
    revoke([certificate], PersonFactory(), annuls_credit=annuls)
    hours = credit_hours(certificate.completion.person, year=2026)
    assert hours == (0 if annuls else certificate.completion.credit_hours)


def test_more_than_ten_take_a_second_person():
    certificates = issued(11)
    first, second = PersonFactory(), PersonFactory()
    waiting = revoke(certificates, first)
    assert not Certificate.objects.filter(revoked_at__isnull=False).exists()
    with pytest.raises(revocation.NeedsAnotherPerson):
        revocation.approve(waiting, by=first, at=LATER)
    revocation.approve(waiting, by=second, at=LATER)
    again = revocation.approve(waiting, by=second, at=LATER + timedelta(days=1))
    assert (again.carried_out_at, again.approved_by) == (LATER, second)
    assert Certificate.objects.filter(revoked_at=LATER).count() == 11
    with pytest.raises(revocation.AlreadyDecided):
        revocation.approve(waiting, by=PersonFactory(), at=LATER)
    with pytest.raises(revocation.AlreadyDecided):
        revocation.withdraw(waiting, by=first, at=LATER)
    with pytest.raises(revocation.AlreadyDecided):
        revocation.decline(waiting, note="Tidak", by=PersonFactory(), at=LATER)


def test_a_pile_cut_into_portions_is_still_a_pile():
    certificates = issued(16)
    by = PersonFactory()
    assert revoke(certificates[:8], by).carried_out_at == LATER
    assert revoke(certificates[8:16], by).carried_out_at is None
    assert revoke(certificates[8:10], PersonFactory()).carried_out_at == LATER
    day_after = LATER + revocation.COUNTED
    assert revoke(certificates[10:16], by, at=day_after).carried_out_at == day_after


def test_a_withdrawn_proposal_revokes_nothing():
    by = PersonFactory()
    waiting = revoke(issued(11), by)
    revocation.withdraw(waiting, by=by, at=LATER)
    again = revocation.withdraw(waiting, by=PersonFactory(), at=LATER + timedelta(days=1))
    assert (again.withdrawn_at, again.withdrawn_by) == (LATER, by)
    for decide in (revocation.approve, partial(revocation.decline, note="Tidak")):
        with pytest.raises(revocation.AlreadyDecided):
            decide(waiting, by=PersonFactory(), at=LATER)
    assert not Certificate.objects.filter(revoked_at__isnull=False).exists()


def test_a_declined_proposal_revokes_nothing_and_keeps_who_and_why():
    first, second = PersonFactory(), PersonFactory()
    waiting = revoke(issued(11), first)
    with pytest.raises(revocation.NeedsAnotherPerson):
        revocation.decline(waiting, note="Tidak", by=first, at=LATER)
    revocation.decline(waiting, note="Suratnya belum ada", by=second, at=LATER)
    again = revocation.decline(waiting, note="Lain", by=second, at=LATER + timedelta(days=1))
    assert (again.declined_at, again.declined_by, again.decline_note) == (LATER, second, "Suratnya belum ada")
    for decide in (
        partial(revocation.approve, by=second),
        partial(revocation.decline, note="Tidak", by=PersonFactory()),
        partial(revocation.withdraw, by=first),
    ):
        with pytest.raises(revocation.AlreadyDecided):
            decide(waiting, at=LATER)
    assert not Certificate.objects.filter(revoked_at__isnull=False).exists()
    assert not Revocation.objects.waiting().exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_agreeing_declining_and_withdrawing_at_once_one_counts():
    first, second, third = (PersonFactory() for _person in range(3))
    waiting = revoke(issued(11), first)
    decisions: list[Callable[[], Revocation]] = [
        partial(revocation.approve, waiting, by=second, at=LATER),
        partial(revocation.decline, waiting, note="Tidak", by=third, at=LATER),
        partial(revocation.withdraw, waiting, by=first, at=LATER),
    ]
    connection.close()
    errors = at_once(lambda number: decisions[number % 3](), threads=12)
    assert {type(error) for error in errors} == {revocation.AlreadyDecided}
    assert len(errors) == 8  # each decision came four times, and those of one of them are repeats
    row = Revocation.objects.get()
    assert [row.carried_out_at, row.declined_at, row.withdrawn_at].count(None) == 2
    revoked = Certificate.objects.filter(revoked_at__isnull=False).count()
    assert revoked == (11 if row.carried_out_at else 0)


def test_an_organiser_revokes_its_own_only():
    (mine,), (foreign,) = issued(1), issued(1)
    revoke([mine, foreign], PersonFactory())
    foreign.refresh_from_db()
    assert foreign.revoked_at is None
    with pytest.raises(revocation.NothingToRevoke):
        revoke([foreign], PersonFactory(), organiser=mine.organiser)


def test_the_database_refuses_a_second_person_who_is_the_first():
    waiting = revoke(issued(11), PersonFactory())
    with pytest.raises(IntegrityError), transaction.atomic():
        Revocation.objects.filter(pk=waiting.pk).update(approved_by=waiting.proposed_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Revocation.objects.filter(pk=waiting.pk).update(declined_by=waiting.proposed_by, declined_at=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Revocation.objects.filter(pk=waiting.pk).update(
            declined_by=PersonFactory(), declined_at=LATER, withdrawn_at=LATER
        )
