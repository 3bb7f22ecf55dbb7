"""Certificates run by run: counts that add up, one's own runs only, and having everything issued that is owed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from academy.celery import app
from academy.people.models import Person, Role
from certificates import issuing, reasons, signing
from certificates.models import Certificate
from certificates.run_certificates import Standing, set_aside_in, standings
from courses.models import Run
from tests.certificates.gathering import make_published
from tests.factories import (
    AT,
    LONG_AGO,
    CourseFactory,
    OrganiserFactory,
    PersonFactory,
    make_completion,
    make_edition,
    make_unit,
)

pytestmark = pytest.mark.django_db
PAGE = "/pengelola/sertifikat/angkatan/"
NOW = AT + timedelta(hours=1)


@pytest.fixture
def edition():
    return make_edition()


@pytest.fixture
def run(edition) -> Run:
    """Of seven who finished: two without, one waiting, one set aside, one published, one replaced, one revoked."""
    for _each in range(2):
        make_completion(edition=edition)
    issuing.issue(make_completion(edition=edition), at=AT)
    aside = issuing.issue(make_completion(edition=edition), at=AT)
    Certificate.objects.filter(pk=aside.pk).update(tries=issuing.MOST_TRIES, last_error="RenderError: <b>font</b>")
    make_published(PersonFactory(), edition=edition)
    revoked = make_published(PersonFactory(), edition=edition, revoked_at=AT)
    old = make_published(PersonFactory(), edition=edition, superseded_at=AT)
    old.pk, old.revision, old.sequence, old.code, old.superseded_at = None, 2, 99, "9" * 16, None
    old.status_index = old.file = old.published_at = None
    old.save()
    return revoked.completion.enrolment.run


def writer(unit, kind: Role.Kind = Role.Kind.ORGANISER) -> Person:
    person = PersonFactory(unit=unit)
    Role.objects.create(person=person, kind=kind, unit=unit, from_at=LONG_AGO)
    return person


@pytest.fixture
def signed_in(client: Client, edition) -> Client:
    client.force_login(writer(edition.course.organiser.unit))
    return client


def test_every_completion_is_counted_in_one_place(run):
    standing = standings([run], at=NOW)[run.pk]
    assert standing == Standing(completions=7, without=2, in_work=2, aside=1, published=1, free_since=AT)
    assert (standing.issued, standing.withdrawn, standing.owed) == (5, 1, 5)


def test_counts_of_many_runs_take_two_queries(run, django_assert_num_queries):
    other = make_completion().enrolment.run
    with django_assert_num_queries(2):
        found = standings([run, other], at=NOW)
    assert found[other.pk] == Standing(completions=1, without=1)


def test_the_page_tells_counts_and_reasons(signed_in, run):
    page = signed_in.get(f"{PAGE}{run.pk}/").content.decode()
    assert "1 dari 6 sertifikat terbit; 1 dicabut" in page, "the bar can reach its end"
    assert "Tidak dapat dicetak" in page
    assert "RenderError" not in page, "the operator's"
    assert set_aside_in(run).get().facts["name"] in page
    assert 'href="#aside"' in page
    assert "menunggu sejak 24" in page, "the worker stands still since then"
    listed = signed_in.get(PAGE).content.decode()
    assert run.course.title in listed
    assert run.name in listed
    assert "Penyelenggara</th>" not in listed, "there is but one"


def test_it_asks_before_it_issues(signed_in, run):
    page = signed_in.get(f"{PAGE}{run.pk}/terbitkan/").content.decode()
    assert "2 sertifikat diberi nomor dan ditandatangani." in page
    assert "1 yang disisihkan dicoba lagi." in page
    assert standings([run], at=NOW)[run.pk].without == 2


def test_what_is_zero_is_not_said(signed_in, edition):
    run = make_completion(edition=edition).enrolment.run
    page = signed_in.get(f"{PAGE}{run.pk}/terbitkan/").content.decode()
    assert "1 sertifikat diberi nomor dan ditandatangani." in page
    assert not re.search(r"\b0 (sertifikat|yang)", page)
    signed_in.post(f"{PAGE}{run.pk}/terbitkan/")
    told = signed_in.post(f"{PAGE}{run.pk}/terbitkan/", follow=True).content.decode()
    assert "Tidak ada lagi yang perlu diterbitkan." in told
    assert "0 sertifikat" not in told


def test_what_was_just_taken_up_again_is_no_alarm_until_it_has_waited(signed_in, run):
    signed_in.post(f"{PAGE}{run.pk}/terbitkan/")
    Certificate.objects.filter(retry_at=None).delete()  # those that were waiting anyway
    page = signed_in.get(f"{PAGE}{run.pk}/").content.decode()
    assert "menunggu sejak" not in page
    assert 'http-equiv="refresh"' in page
    standing = standings([run], at=timezone.now() + timedelta(minutes=6))[run.pk]
    assert standing.stands_still(at=timezone.now() + timedelta(minutes=6))


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        ({"retry_at": NOW + timedelta(minutes=10)}, None),
        ({"retry_at": NOW - timedelta(minutes=2)}, NOW - timedelta(minutes=2)),
        ({"lease_until": NOW + timedelta(minutes=1)}, None),
        ({"lease_until": NOW - timedelta(minutes=9)}, NOW - timedelta(minutes=9)),
        ({"facts": {"signed_by": signing.BY_HAND}}, None),
        ({}, AT),
    ],
)
def test_its_age_counts_from_when_a_worker_could_take_it(edition, fields, since):
    certificate = issuing.issue(make_completion(edition=edition), at=AT)
    Certificate.objects.filter(pk=certificate.pk).update(**fields)
    run = certificate.completion.enrolment.run
    assert standings([run], at=NOW)[run.pk].free_since == since


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("RenderError: font /srv/a.ttf", "Tidak dapat dicetak"),
        ("SigningRefused: NIK tidak terdaftar.", "NIK tidak terdaftar."),
        ("SignerUnavailable: 503", "Layanan tanda tangan"),
        ("StoreUnreachable: bucket", "tidak dapat dibaca atau disimpan"),
        ("FileNotFoundError: [Errno 2] '/srv/akademi/x.pdf'", "tidak dapat dibaca atau disimpan"),
        ("KeyError: 'x'", "Beri tahu operator"),
        ("", "Beri tahu operator"),
    ],
)
def test_reasons_are_told_in_words_and_without_paths(error, words):
    told = reasons.in_words(error)
    assert words in told
    assert "/srv/" not in told


def test_everything_owed_is_issued_once_however_often_one_asks(signed_in, run):
    for _again in range(2):
        assert signed_in.post(f"{PAGE}{run.pk}/terbitkan/").status_code == 302
        standing = standings([run], at=NOW)[run.pk]
        assert (standing.without, standing.in_work, standing.aside) == (0, 5, 0)
    assert Certificate.objects.filter(completion__enrolment__run=run).count() == 8
    issuing.sweep(at=AT, limit=100)
    assert signed_in.get(f"{PAGE}{run.pk}/terbitkan/")["Location"] == f"{PAGE}{run.pk}/"
    assert "Tidak ada yang tertunggak" in signed_in.get(f"{PAGE}{run.pk}/").content.decode()
    standing = standings([run], at=NOW)[run.pk]
    assert (standing.published, standing.withdrawn) == (6, 1)


def test_other_runs_are_left_alone(signed_in, run):
    other = issuing.issue(make_completion(), at=AT)
    Certificate.objects.filter(pk=other.pk).update(tries=issuing.MOST_TRIES)
    signed_in.post(f"{PAGE}{run.pk}/terbitkan/")
    other.refresh_from_db()
    assert other.tries == issuing.MOST_TRIES


def test_one_completion_that_cannot_be_certified_does_not_stop_the_others(signed_in, run, monkeypatch):
    first = run.enrolments.filter(completion__certificates=None).order_by("pk")[0].completion
    issue = issuing.issue
    monkeypatch.setattr(
        issuing, "issue", lambda completion, *, at: 1 / 0 if completion.pk == first.pk else issue(completion, at=at)
    )
    page = signed_in.post(f"{PAGE}{run.pk}/terbitkan/", follow=True).content.decode()
    assert "1 sertifikat diberi nomor." in page
    assert "1 kelulusan tidak dapat diterbitkan" in page
    assert standings([run], at=NOW)[run.pk].without == 1


def test_a_broker_that_is_down_is_told_and_the_rows_are_there(signed_in, run):
    kept = {"broker_url": app.conf.broker_url, "broker_transport_options": app.conf.broker_transport_options}
    app.conf.update(broker_url="redis://127.0.0.1:1/0", broker_transport_options={})
    try:
        page = signed_in.post(f"{PAGE}{run.pk}/terbitkan/", follow=True).content.decode()
    finally:
        app.conf.update(kept)
    assert "menemukan pekerjaannya sendiri" in page
    assert standings([run], at=NOW)[run.pk].without == 0


@pytest.mark.parametrize("kind", [Role.Kind.ORGANISER, Role.Kind.TRAINER])
def test_runs_of_another_organiser_do_not_exist(client: Client, run, kind):
    elsewhere = make_unit("BPSDM Lain")
    OrganiserFactory(unit=elsewhere)
    client.force_login(writer(elsewhere, kind))
    assert run.course.title not in client.get(PAGE).content.decode()
    for where in ("", "terbitkan/"):
        assert client.get(f"{PAGE}{run.pk}/{where}").status_code == 404
    assert client.post(f"{PAGE}{run.pk}/terbitkan/").status_code == 404
    assert standings([run], at=NOW)[run.pk].without == 2


@pytest.mark.parametrize("kind", [Role.Kind.REVIEWER, Role.Kind.HR])
def test_other_roles_stay_outside(client: Client, run, edition, kind):
    client.force_login(writer(edition.course.organiser.unit, kind))
    assert client.get(f"{PAGE}{run.pk}/").status_code == 403
    assert client.post(f"{PAGE}{run.pk}/terbitkan/").status_code == 403


def test_an_operator_and_a_superuser_see_all(client: Client, run):
    for person in (writer(make_unit(), Role.Kind.OPERATOR), PersonFactory(is_superuser=True)):
        client.force_login(person)
        page = client.get(PAGE).content.decode()
        assert run.course.title in page
        assert "/pengelola/instansi/" in page, "the operator's other lists are one click away"


def test_a_role_that_ended_closes_it(client: Client, run, edition):
    person = writer(edition.course.organiser.unit)
    client.force_login(person)
    Role.objects.filter(person=person).update(until_at=AT)
    assert client.get(f"{PAGE}{run.pk}/").status_code == 403


def test_the_way_there_stands_in_the_cms(client: Client):
    course = CourseFactory()
    dated = Run.objects.create(course=course, year=2026, number=1, opens_on=AT.date(), closes_on=AT.date())
    client.force_login(writer(course.organiser.unit))
    page = client.get("/cms/snippets/courses/run/").content.decode()
    assert f"{PAGE}{dated.pk}/" in page
    assert f"/cms/pelatihan/angkatan/{dated.pk}/peserta/" in page
    assert "Sertifikat angkatan" in page
