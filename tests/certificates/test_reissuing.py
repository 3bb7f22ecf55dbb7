from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from certificates import issuing, reissuing, revocation, store, verification
from certificates.models import Certificate, Revocation
from certificates.verification import Outcome
from tests.certificates.test_certificate_races import at_once
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


def published() -> Certificate:
    return issuing.publish_file(issuing.issue(make_completion(), at=AT), at=AT)


def stored(certificate: Certificate) -> bytes:
    assert certificate.file is not None
    return store.read(certificate.file.key)


def successor(certificate: Certificate) -> str:
    """The code that the old code's answer names."""
    verdict = verification.look_up(certificate.code)
    assert verdict.outcome is Outcome.REPLACED
    assert verdict.replaced_by is not None
    return verdict.replaced_by.code


def revoke(certificate: Certificate, *, annuls_credit: bool) -> None:
    revocation.revoke(
        [certificate], organiser=certificate.organiser, reason=Revocation.Reason.WRONG_DATA,
        annuls_credit=annuls_credit, note="", by=PersonFactory(), at=LATER,
    )  # fmt: skip
    certificate.refresh_from_db()


def test_a_corrected_certificate_replaces_the_old_one_which_stays_as_it_was():
    old = published()
    content = stored(old)
    person = old.completion.person
    person.name = "Maria Yuliana Tefa-Bere"
    person.save()
    by = PersonFactory()

    new = issuing.publish_file(reissuing.reissue(old, correction="Nama dibetulkan", by=by, at=LATER), at=LATER)

    old.refresh_from_db()
    assert (new.revision, new.sequence, new.correction, new.corrected_by) == (2, 2, "Nama dibetulkan", by)
    assert new.facts["name"].startswith("Maria Yuliana Tefa-Bere")
    assert old.facts["name"] != new.facts["name"]
    assert stored(old) == content
    assert successor(old) == new.code
    assert verification.look_up(new.code).outcome is Outcome.GENUINE


def test_reissuing_twice_yields_one_successor_and_no_sweep_adds_another():
    old, by = published(), PersonFactory()
    first = reissuing.reissue(old, correction="Nama", by=by, at=LATER)
    assert reissuing.reissue(old, correction="Nama", by=by, at=LATER + timedelta(days=1)) == first
    issuing.sweep(at=LATER, limit=10)
    assert Certificate.objects.count() == 2
    assert successor(old) == first.code
    third = reissuing.reissue(first, correction="Gelar", by=by, at=LATER + timedelta(days=2))
    assert third.revision == 3
    issuing.publish_file(third, at=LATER + timedelta(days=2))
    assert successor(old) == third.code


def test_one_revoked_for_its_data_may_be_replaced_and_one_whose_credit_was_annulled_not():
    wrong, cheated = published(), published()
    revoke(wrong, annuls_credit=False)
    revoke(cheated, annuls_credit=True)
    assert reissuing.reissue(wrong, correction="NIP", by=PersonFactory(), at=LATER).revision == 2
    with pytest.raises(reissuing.CannotReissue):
        reissuing.reissue(cheated, correction="NIP", by=PersonFactory(), at=LATER)
    assert cheated.completion.certificates.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_16_reissues_at_once_make_one_revision():
    old, by = published(), PersonFactory()
    connection.close()
    errors = at_once(lambda _n: reissuing.reissue(old, correction="Nama", by=by, at=LATER), threads=16)
    assert errors == []
    assert list(Certificate.objects.order_by("revision").values_list("revision", "sequence")) == [(1, 1), (2, 2)]


def test_reports_know_since_when_a_live_certificate_is_published():
    completion = make_completion()

    def certified_at() -> object:
        completion.enrolment.refresh_from_db()
        return completion.enrolment.certified_at

    first = issuing.issue(completion, at=AT)
    assert certified_at() is None
    first = issuing.publish_file(first, at=AT)
    assert certified_at() == AT
    second = reissuing.reissue(first, correction="Gelar", by=PersonFactory(), at=LATER)
    assert certified_at() is None
    second = issuing.publish_file(second, at=LATER)
    assert certified_at() == LATER
    revoke(second, annuls_credit=True)
    assert certified_at() is None
    assert (completion.enrolment.reached, completion.enrolment.counted_hours) == (2, 0)
