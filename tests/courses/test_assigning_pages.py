"""HR's pages of assigned learning, and the due date where the learner sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from academy.people.models import NipHistory, Role
from courses.assigning import carry_on
from courses.models import AssignedEnrolment, Assignment, Course, Enrolment, Run
from tests.courses.authoring import make_course_page
from tests.factories import PersonFactory, make_edition, make_enrolment, make_hr, make_nip, make_unit

pytestmark = pytest.mark.django_db
LIST, NEW = "/kepegawaian/penugasan/", "/kepegawaian/penugasan/baru/"


@pytest.fixture
def unit():
    return make_unit()


@pytest.fixture
def officer(unit):
    return make_hr(unit, name="Bernadeta HR")


@pytest.fixture
def hr(client, officer):
    client.force_login(officer)
    return client


@pytest.fixture
def edition():
    return make_edition()


def today():
    return timezone.localdate()


def typed(edition, **fields):
    due_on = (today() + timedelta(days=20)).isoformat()
    return {"course": edition.course.pk, "unit": "", "nips": "", "due_on": due_on} | fields


def test_from_the_form_to_the_result(hr, officer, edition, unit):
    person = PersonFactory(unit=unit, name="Yohanes Baru")
    assert "Belum ada penugasan" in hr.get(LIST).text
    assert edition.course.title in hr.get(f"{NEW}?unit={unit.pk}").text
    response = hr.post(NEW, typed(edition, unit=unit.pk), follow=True)
    one = Assignment.objects.get()
    page = f"{LIST}{one.pk}/"
    assert response.redirect_chain == [(page, 302)]
    assert "2 orang akan didaftarkan" in response.text
    assert "Yohanes Baru" in response.text
    assert not Enrolment.objects.exists()
    shown = hr.post(f"{page}jalankan/", follow=True)
    assert shown["Refresh"]
    assert "0 dari 2 orang" in shown.text
    carry_on(one.pk, clock=timezone.now)
    assert "Refresh" not in hr.get(page)
    result = hr.get(page).text
    assert "0 dari 2 sudah selesai" in result
    assert "Yohanes Baru" in result
    assert "Belum dimulai" in result
    assert edition.course.title in hr.get(LIST).text
    assert Enrolment.objects.filter(person=person).exists()


def test_taking_back_asks_first(hr, edition, unit):
    hr.post(NEW, typed(edition, unit=unit.pk))
    one = Assignment.objects.get()
    page = f"{LIST}{one.pk}/"
    assert hr.get(f"{page}tarik/").status_code == 404
    hr.post(f"{page}jalankan/")
    carry_on(one.pk, clock=timezone.now)
    assert "1 orang yang belum mulai keluar" in hr.get(f"{page}tarik/").text
    assert Enrolment.objects.running().count() == 1
    assert "Penugasan ditarik" in hr.post(f"{page}tarik/", follow=True).text
    assert hr.post(f"{page}tarik/").status_code == 302
    assert Enrolment.objects.running().count() == 0


def test_a_preview_may_be_discarded(hr, edition, unit):
    hr.post(NEW, typed(edition, unit=unit.pk))
    page = f"{LIST}{Assignment.objects.get().pk}/"
    assert hr.post(f"{page}buang/").status_code == 302
    assert hr.get(page).status_code == 404
    assert hr.post(f"{page}jalankan/").status_code == 404


def test_pasted_nips_are_read_in_every_spelling(hr, edition, unit):
    one, two, three = PersonFactory.create_batch(3, unit=unit)
    grouped = f"{three.nip[:8]} {three.nip[8:14]} {three.nip[14]} {three.nip[15:]}"
    hr.post(NEW, typed(edition, nips=f"'{one.nip}; {two.nip}\r\n\r\n{grouped}\r\n{one.nip}\r\n"))
    assert Assignment.objects.get().nips == [one.nip, two.nip, three.nip]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"unit": "", "nips": ""}, "Pilih unit atau ketik NIP"),
        ({"nips": "19940712"}, "Baris 1"),
        ({"nips": "abc"}, "Baris 1"),
        ({"nips": "\n" * 3 + "x\n" * 8}, "Dan 3 baris lain"),
        ({"due_on": "2020-01-01"}, "sudah lewat"),
        ({"due_on": "2999-01-01"}, "lima tahun"),
        ({"due_on": "kapan-kapan"}, "23-11-2026"),
        ({"course": "999999"}, "pelatihan"),
        ({"course": ""}, "Pelatihan: "),
        ({"course": "1-999999"}, "Pelatihan: "),
        ({"course": "1-x"}, "Pelatihan: "),
        ({"course": "1-"}, "Pelatihan: "),
        ({"course": "1-99999999999999999999999"}, "Pelatihan: "),
        ({"unit": "999999999999999999999999"}, "unit"),
        ({"unit": "x"}, "unit"),
    ],
)
def test_bad_input_is_refused_in_words_and_stays(hr, edition, unit, fields, said):
    data = typed(edition, unit=unit.pk) | {"nips": ""} | fields
    if fields.get("nips"):
        data["unit"] = ""
    response = hr.post(NEW, data)
    assert response.status_code == 422
    assert said.lower() in response.text.lower()
    assert fields.get("nips", "").strip()[:8] in response.text
    assert not Assignment.objects.exists()


def test_a_unit_and_a_list_together_are_refused(hr, edition, unit):
    response = hr.post(NEW, typed(edition, unit=unit.pk, nips=PersonFactory(unit=unit).nip))
    assert response.status_code == 422
    assert "tidak keduanya" in response.text


def test_a_foreign_unit_is_like_none(hr, edition):
    foreign = make_unit()
    for pk in (foreign.pk, 999_999):
        assert hr.get(f"{NEW}?unit={pk}").status_code == 404
        assert hr.post(NEW, typed(edition, unit=pk)).status_code == 422
    assert not Assignment.objects.exists()


def test_a_foreign_nip_is_told_like_one_of_nobody(hr, edition):
    stranger = PersonFactory(name="Orang Lain")
    hr.post(NEW, typed(edition, nips=f"{stranger.nip}\n199001012020121001"))
    page = f"{LIST}{Assignment.objects.get().pk}/"
    text = hr.get(page).text
    assert "Orang Lain" not in text
    assert text.index(stranger.nip) < text.index("199001012020121001")
    refused = hr.post(f"{page}jalankan/")
    assert refused.status_code == 409
    assert "Tidak ada yang akan didaftarkan" in refused.text


def test_it_is_for_its_own_officer_only(client, hr, edition, unit):
    hr.post(NEW, typed(edition, unit=unit.pk))
    one = Assignment.objects.get()
    colleague, learner = make_hr(unit), PersonFactory(unit=unit)
    addresses = [f"{LIST}{one.pk}/{end}" for end in ("", "jalankan/", "buang/", "tarik/")]
    for person, status in ((colleague, 404), (learner, 403)):
        client.force_login(person)
        for address in addresses:
            assert client.post(address).status_code in {status, 405}
        assert client.get(addresses[0]).status_code == status
        assert client.get(addresses[3]).status_code == status
    assert client.get(LIST).status_code == client.get(NEW).status_code == 403
    assert Client().get(LIST)["Location"].startswith("/masuk/")


def test_an_ended_role_counts_at_once(hr, officer):
    Role.objects.update(until_at=timezone.now())
    assert hr.get(LIST).status_code == hr.get(NEW).status_code == 403


@pytest.mark.parametrize("ending", ["", "baru/", "1/"])
def test_pages_take_as_many_queries_for_many_as_for_few(
    hr, officer, edition, unit, ending, django_assert_max_num_queries
):
    one = Assignment.objects.create(
        pk=1, course=edition.course, due_on=today(), unit=unit, by=officer, at=timezone.now(), state="done"
    )
    for person in PersonFactory.create_batch(30, unit=unit):
        AssignedEnrolment.objects.create(
            assignment=one, enrolment=make_enrolment(person, edition=edition), enrolled=True
        )
        Assignment.objects.create(course=edition.course, due_on=today(), unit=unit, by=officer, at=timezone.now())
        unit.add_child(agency=unit.agency, name=f"Bidang {person.pk}")
        unit.refresh_from_db()
    with django_assert_max_num_queries(10):
        assert hr.get(f"{LIST}{ending}").status_code == 200


def test_the_preview_says_which_old_number_was_taken_for_whom(hr, edition, unit):
    person, old = PersonFactory(unit=unit, name="Ana Bere"), make_nip(901)
    NipHistory.objects.create(person=person, nip=old, until_on=today())
    page = hr.post(NEW, typed(edition, nips=f"{old}\n{make_nip(902)}"), follow=True).text
    taken, left_out = page[page.index('id="former"') :].split('id="unknown"')
    for words in (old, "Ana Bere", person.nip):
        assert words in taken
    assert make_nip(902) in left_out


def test_the_learner_sees_the_day_and_what_is_overdue_comes_first(client):
    person = PersonFactory()
    late = make_enrolment(person, edition=make_edition(), due_on=today() - timedelta(days=1))
    page = make_course_page(title="Dasar SPBE", slug="dasar-spbe")
    soon = make_enrolment(person, edition=make_edition(page.course), due_on=today() + timedelta(days=3))
    client.force_login(person)
    text = client.get("/belajar/").text
    assert text.index(late.edition.title) < text.index(soon.edition.title)
    assert "sudah lewat" in text
    assert "3 hari lagi" in text
    assert "Batas waktu" in client.get(page.url).text


def dated_run(course, number, **fields):
    opens_on, closes_on = today() + timedelta(days=5), today() + timedelta(days=30)
    days = {"opens_on": opens_on, "closes_on": closes_on, "year": opens_on.year}
    return Run.objects.create(course=course, number=number, **days | fields)


def test_runs_that_take_people_are_offered_beside_the_course(hr, edition, unit):
    course, other = edition.course, make_edition().course
    Course.objects.filter(pk=other.pk).update(self_paced=False)
    dated_run(course, 1, closed_at=timezone.now())
    dated_run(course, 2, self_enrolment=False)
    dated_run(course, 3, seats=4)
    only = dated_run(other, 7)
    PersonFactory.create_batch(2, unit=unit)
    page = hr.get(NEW).text
    assert "Angkatan III" in page
    assert "kursi tersisa: 4" in page
    assert "Angkatan VII" in page
    assert "Angkatan I " not in page
    assert "Angkatan II " not in page
    assert f"{other.title}</option>" not in page
    assert f'value="{other.pk}-{only.pk}"' in page


def test_a_run_is_assigned_from_the_form_to_the_result(hr, edition, unit):
    into = dated_run(edition.course, 3, seats=2)
    hr.post(NEW, typed(edition, unit=unit.pk, course=f"{edition.course.pk}-{into.pk}"))
    page = f"{LIST}{Assignment.objects.get().pk}/"
    shown = hr.get(page).text
    assert f"{edition.course.title}, Angkatan III" in shown
    assert "0 dari 2 terisi" in shown
    hr.post(f"{page}jalankan/")
    carry_on(Assignment.objects.get().pk, clock=timezone.now)
    assert Enrolment.objects.get().run == into
    assert "1 dari 2 terisi" in hr.get(page).text
    assert "Angkatan III" in hr.get(LIST).text


def test_a_run_that_became_full_or_closed_is_refused_by_name(hr, edition, unit):
    into = dated_run(edition.course, 3, seats=2)
    PersonFactory.create_batch(2, unit=unit)  # three with the officer
    asked = typed(edition, unit=unit.pk, course=f"{edition.course.pk}-{into.pk}")
    hr.post(NEW, asked)
    page = f"{LIST}{Assignment.objects.get().pk}/"
    shown = hr.get(page).text
    assert f"{into.name} tersisa 2 dari 2 kursi" in shown
    assert "jalankan/" not in shown
    refused = hr.post(f"{page}jalankan/")
    assert refused.status_code == 409
    assert refused.text.count(f"{into.name} tersisa 2 dari 2 kursi") == 1
    Run.objects.filter(pk=into.pk).update(closed_at=timezone.now())
    refused = hr.post(NEW, asked)
    assert refused.status_code == 422
    assert f"{into.name} sudah ditutup" in refused.text
    assert not Enrolment.objects.exists()


def test_a_stopped_assignment_says_why(hr, edition, unit):
    PersonFactory(unit=unit)
    hr.post(NEW, typed(edition, unit=unit.pk))
    page = f"{LIST}{Assignment.objects.get().pk}/"
    hr.post(f"{page}jalankan/")
    Course.objects.update(archived_at=timezone.now())
    carry_on(Assignment.objects.get().pk, clock=timezone.now)
    assert f"“{edition.course.title}” diarsipkan" in hr.get(page).text
    assert not Enrolment.objects.exists()
