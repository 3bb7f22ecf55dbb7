"""A certificate that ends: what it says on paper, to whoever checks it, and after a correction."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from certificates import issuing, reissuing, revocation, store
from certificates.models import Certificate, Revocation
from courses.models import Completion, Edition
from tests.certificates.test_rendering import text_of
from tests.factories import AT, PersonFactory, make_completion, make_edition

pytestmark = pytest.mark.django_db


def ending(days: int) -> Certificate:
    """One whose last day is so many days from now, or ago."""
    edition = make_edition(validity_months=12)
    completion = make_completion(edition=edition)
    Completion.objects.filter(pk=completion.pk).update(valid_until=timezone.localdate() + timedelta(days=days))
    return issuing.publish_file(issuing.issue(Completion.objects.get(pk=completion.pk), at=AT), at=AT)


def test_paper_page_and_api_say_the_last_day(client: Client, tmp_path):
    completion = make_completion(edition=make_edition(validity_months=24))
    certificate = issuing.publish_file(issuing.issue(completion, at=AT), at=AT)
    assert certificate.file is not None
    path = tmp_path / "file.pdf"
    path.write_bytes(store.read(certificate.file.key))
    assert "Berlaku sampai dengan 24 November 2028" in text_of(path, page=1)
    page = client.get(f"/V/{certificate.code}").text
    assert re.search(r"Berlaku sampai dengan\s*</dt>\s*<dd[^>]*>\s*24 November 2028", page)
    assert "Masa berlakunya belum lewat" in page
    answer = client.get(f"/api/v1/verifikasi/{certificate.code}").json()
    assert answer["certificate"]["valid_until"] == "2028-11-24"
    assert answer["checks"]["not_expired"] == "yes"


def test_the_last_day_is_still_valid_and_the_next_is_not(client: Client):
    for days, verdict, check in ((0, "genuine", "yes"), (-1, "expired", "no")):
        certificate = ending(days)
        answer = client.get(f"/api/v1/verifikasi/{certificate.code}").json()
        assert (answer["verdict"], answer["checks"]["not_expired"]) == (verdict, check)
    assert "Masa berlakunya sudah lewat" in client.get(f"/V/{certificate.code}").text


def test_what_ended_and_was_revoked_is_revoked_and_its_file_too(client: Client):
    certificate = ending(-1)
    assert certificate.file is not None
    content = store.read(certificate.file.key)

    def verdict_on_file() -> str:
        sent = SimpleUploadedFile("sertifikat.pdf", content, "application/pdf")
        return str(client.post("/api/v1/verifikasi/berkas", {"berkas": sent}).json()["verdict"])

    assert verdict_on_file() == "expired"
    revocation.revoke(
        [certificate], organiser=certificate.organiser, reason=Revocation.Reason.WRONG_DATA, annuls_credit=False,
        note="", by=PersonFactory(), at=timezone.now(),
    )  # fmt: skip
    assert verdict_on_file() == "revoked"


def test_one_without_end_says_nothing_of_it(client: Client):
    certificate = issuing.publish_file(issuing.issue(make_completion(), at=AT), at=AT)
    assert "Berlaku sampai" not in client.get(f"/V/{certificate.code}").text
    answer = client.get(f"/api/v1/verifikasi/{certificate.code}").json()
    assert (answer["certificate"]["valid_until"], "not_expired" in answer["checks"]) == (None, False)


def test_a_correction_keeps_the_end_whatever_the_course_says_now():
    completion = make_completion(edition=make_edition(validity_months=24))
    old = issuing.publish_file(issuing.issue(completion, at=AT), at=AT)
    Edition.objects.update(validity_months=60)
    later = AT + timedelta(days=400)
    assert reissuing.facts_of_today(old, at=later).valid_until == "2028-11-24"
    new = reissuing.reissue(old, correction="Gelar dibetulkan", by=PersonFactory(), at=later)
    assert (new.facts["issued_on"], new.facts["valid_until"]) == ("2027-12-29", "2028-11-24")


def test_having_attended_is_certified_without_end():
    completion = make_completion(outcome=Completion.Outcome.ATTENDED, valid_until=None)
    assert issuing.issue(completion, at=AT).facts["valid_until"] == ""
    assert completion.completed_on == date(2026, 11, 24)
