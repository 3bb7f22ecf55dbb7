from __future__ import annotations

import hashlib
import logging
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from academy.people.models import Person
from certificates import issuing, reissuing, revocation, verification
from certificates.models import Certificate, Revocation
from certificates.verification import Outcome
from courses.models import Completion, Course, Enrolment, Run
from courses.progress import complete_lesson
from courses.publishing import publish_edition
from tests.courses.authoring import make_course_page
from tests.factories import AT, CourseFactory, PersonFactory, make_completion, make_edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    return PersonFactory()


@pytest.fixture
def certificate(person: Person) -> Certificate:
    edition = make_edition(CourseFactory(title="Keamanan Informasi Dasar"))
    return issuing.publish_file(issuing.issue(make_completion(person, edition=edition), at=AT), at=AT)


@pytest.fixture
def signed_in(client: Client, person: Person) -> Client:
    client.force_login(person, backend="academy.people.signin.NipOrEmailBackend")
    return client


def test_a_certificate_is_listed_with_its_file_and_its_public_address(signed_in: Client, certificate: Certificate):
    page = signed_in.get("/sertifikat/").content.decode()
    assert "Keamanan Informasi Dasar" in page
    assert f'href="/sertifikat/{certificate.code}.pdf"' in page
    assert f'href="/V/{certificate.code}"' in page
    assert "1 sertifikat · 3 JP" in page


def test_the_file_is_the_published_one_byte_for_byte(signed_in: Client, certificate: Certificate):
    answer = signed_in.get(f"/sertifikat/{certificate.code}.pdf")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    content = b"".join(answer)
    assert certificate.file is not None
    assert hashlib.sha256(content).hexdigest() == certificate.file.sha256
    assert answer.headers["Content-Disposition"].startswith(
        'attachment; filename="sertifikat-keamanan-informasi-dasar-0001'
    )
    assert "private" in answer.headers["Cache-Control"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_what_is_owed_is_shown_as_being_issued(signed_in: Client, person: Person):
    make_completion(person)
    issuing.issue(make_completion(person), at=AT)
    page = signed_in.get("/sertifikat/").content.decode()
    assert page.count("Sedang diterbitkan") == 1, "no number yet"
    assert page.count("Sedang ditandatangani") == 1, "the paper of a number that was given out"
    assert not re.search(r'href="/sertifikat/[0-9A-Z]{16}\.pdf"', page)
    assert "JP · tanggal sertifikat" in page


def test_what_was_set_aside_is_not_being_signed_for_ever(signed_in: Client, person: Person):
    issuing.issue(make_completion(person), at=AT)
    Certificate.objects.update(tries=issuing.MOST_TRIES)
    page = signed_in.get("/sertifikat/").content.decode()
    assert "Tertunda, sedang diperiksa operator" in page
    assert "Sedang ditandatangani" not in page


def test_an_empty_list_says_what_to_do(signed_in: Client):
    page = signed_in.get("/sertifikat/").content.decode()
    assert "Belum ada sertifikat" in page
    assert 'href="/katalog/"' in page


def test_a_revoked_one_says_so(signed_in: Client, certificate: Certificate):
    Certificate.objects.update(revoked_at=AT)
    page = signed_in.get("/sertifikat/").content.decode()
    assert "Dicabut" in page
    assert "0 sertifikat" in page


def test_strangers_find_nothing(client: Client, certificate: Certificate):
    address = f"/sertifikat/{certificate.code}.pdf"
    assert client.get(address).status_code == 302
    client.force_login(PersonFactory(), backend="academy.people.signin.NipOrEmailBackend")
    assert client.get(address).status_code == 404
    assert certificate.number not in client.get("/sertifikat/").content.decode()


def test_a_file_not_yet_published_does_not_exist(signed_in: Client, person: Person):
    certificate = issuing.issue(make_completion(person), at=AT)
    assert signed_in.get(f"/sertifikat/{certificate.code}.pdf").status_code == 404


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_lost_file_is_an_alarm_and_never_drawn_again(
    signed_in: Client, certificate: Certificate, damage: str, caplog: pytest.LogCaptureFixture, settings
):
    assert certificate.file is not None
    path = settings.CERTIFICATES_ROOT / certificate.file.key
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"%PDF-1.7 lain")
    with caplog.at_level(logging.CRITICAL):
        answer = signed_in.get(f"/sertifikat/{certificate.code}.pdf")
    assert answer.status_code == 503
    assert certificate.number in answer.content.decode()
    assert [record.levelname for record in caplog.records if record.name == "certificates.views.mine"] == ["CRITICAL"]
    issuing.sweep(at=AT, limit=10)
    assert signed_in.get(f"/sertifikat/{certificate.code}.pdf").status_code == 503


def test_the_list_asks_a_fixed_number_of_questions(signed_in: Client, person: Person, django_assert_num_queries):
    signed_in.get("/sertifikat/")
    for _ in range(3):
        issuing.issue(make_completion(person), at=AT)
    with django_assert_num_queries(5):  # session, person with roles, certificates, what is owed, what is printed
        signed_in.get("/sertifikat/")


def test_a_revoked_one_says_when_and_why_and_is_not_shared(signed_in: Client, certificate: Certificate):
    assert f'data-copy="http://localhost:8000/V/{certificate.code}"' in signed_in.get("/sertifikat/").content.decode()
    revocation.revoke(
        [certificate], organiser=certificate.organiser, reason=Revocation.Reason.WRONG_DATA, annuls_credit=False,
        note="Rahasia", by=PersonFactory(), at=AT,
    )  # fmt: skip
    page = signed_in.get("/sertifikat/").content.decode()
    assert "Dicabut 24 November 2026: Data pada sertifikat keliru" in page
    assert "data-copy" not in page
    assert "Rahasia" not in page


def test_each_revision_is_listed_and_the_old_one_names_the_new(signed_in: Client, certificate: Certificate):
    new = reissuing.reissue(certificate, correction="Nama", by=PersonFactory(), at=AT)
    page = signed_in.get("/sertifikat/").content.decode()
    assert f"Diganti 24 November 2026 dengan nomor {new.number}" in page
    assert 'href="/transkrip/2026/"' in page


class TestEnding:
    """Certificates of a course whose page says that they hold for two years."""

    @pytest.fixture
    def page(self):
        page = make_course_page(lessons=1, questions=0)
        Course.objects.update(validity_months=24)
        publish_edition(page.course, kind="material", by=None, at=AT)
        return page

    def certified(self, person: Person, page, *, days: int, **fields) -> Certificate:
        """One whose last day is so many days from now, or ago."""
        completion = make_completion(person, edition=page.course.editions.get())
        last = timezone.localdate() + timedelta(days=days)
        Completion.objects.filter(pk=completion.pk).update(valid_until=last)
        completion.refresh_from_db()
        return issuing.publish_file(issuing.issue(completion, at=AT), at=AT)

    @pytest.mark.parametrize(
        ("days", "said", "offered"),
        [
            (91, "Berlaku sampai", False),
            (90, "Segera berakhir, berlaku sampai", True),
            (0, "Segera berakhir, berlaku sampai", True),
            (-1, "Habis masa berlaku (sampai", True),
        ],
    )
    def test_one_that_ends_leads_to_its_course(self, days, said, offered, signed_in, person, page):
        self.certified(person, page, days=days)
        text = signed_in.get("/sertifikat/").text
        assert said in text
        assert ("Perbarui" in text) == offered
        assert (f'href="{page.url}"' in text) == offered

    def test_one_press_on_that_page_begins_the_next_run_and_its_certificate_is_another(self, signed_in, person, page):
        old = self.certified(person, page, days=30)
        year = timezone.localdate().year
        completions = Completion.objects.filter(pk=old.completion_id)
        completions.update(completed_on=date(year - 1, 12, 1), completed_at=timezone.now() - timedelta(days=400))
        Run.objects.update(year=year - 1)
        assert "Ikuti lagi pelatihan ini" in signed_in.get(page.url).text
        signed_in.post(f"/ikuti/{page.course.key}/")
        enrolment = Enrolment.objects.running().get(person=person)
        for lesson in enrolment.edition.activities.order_by("position"):
            complete_lesson(enrolment, lesson, at=timezone.now())
        new = issuing.publish_file(issuing.issue(enrolment.completion, at=timezone.now()), at=timezone.now())
        old.refresh_from_db()
        assert (old.superseded_at, old.revoked_at, new.revision) == (None, None, 1)
        assert (new.number == old.number, new.facts["valid_until"] > old.facts["valid_until"]) == (False, True)
        assert verification.look_up(old.code).outcome is Outcome.GENUINE
        text = signed_in.get("/sertifikat/").text
        assert ("Perbarui" in text, "Segera berakhir" in text) == (False, True)
        Completion.objects.filter(pk=old.completion_id).update(valid_until=timezone.localdate() - timedelta(days=1))
        yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
        Certificate.objects.filter(pk=old.pk).update(facts=old.facts | {"valid_until": yesterday})
        assert verification.look_up(old.code).outcome is Outcome.EXPIRED

    def test_what_cannot_be_renewed_leads_nowhere(self, signed_in, person, page):
        certificate = self.certified(person, page, days=10)
        Course.objects.update(archived_at=AT)
        assert "Perbarui" not in signed_in.get("/sertifikat/").text
        Course.objects.update(archived_at=None)
        assert "Perbarui" in signed_in.get("/sertifikat/").text
        Certificate.objects.filter(pk=certificate.pk).update(revoked_at=AT)
        assert "Perbarui" not in signed_in.get("/sertifikat/").text

    def test_it_asks_as_often_for_many_as_for_one(self, signed_in, person, page, django_assert_max_num_queries):
        self.certified(person, page, days=10)
        signed_in.get("/sertifikat/")
        with CaptureQueriesContext(connection) as one:
            signed_in.get("/sertifikat/")
        asked = len(one)
        for _more in range(3):
            other = make_course_page(lessons=1, questions=0)
            publish_edition(other.course, kind="material", by=None, at=AT)
            self.certified(person, other, days=10)
        assert signed_in.get("/sertifikat/").text.count("Perbarui") == 4
        with django_assert_max_num_queries(asked):
            signed_in.get("/sertifikat/")
