"""Transfers over HTTP: both officers, and what each sees before and after."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from academy.people.corrections import correct
from academy.people.models import AgencyGroup, NipHistory, Person, Role, Transfer
from academy.people.transfers import place_arrival, release, withdraw_release
from courses.models import Completion
from tests.factories import LONG_AGO, PersonFactory, make_completion, make_hr
from tests.people.desk.conftest import text
from tests.reports.world import page_table

ARRIVALS, RELEASES = "/kepegawaian/mutasi/", "/kepegawaian/mutasi/?daftar=keluar"


def to_release(world):
    return release(world.ana, to_agency=world.alor.agency, by=world.hr, at=timezone.now())


def sasaran(browser):
    return int(page_table(browser.get("/laporan/")).total("Sasaran"))


def test_the_story_of_a_transfer(world, hr, hr_alor):
    """The old officer's next request no longer shows the person, the new one's does; what was earned stays."""
    earned = make_completion(world.ana)
    person = f"/laporan/pegawai/{world.ana.pk}/"
    before = sasaran(hr), sasaran(hr_alor)
    assert (hr.get(person).status_code, hr_alor.get(person).status_code) == (200, 404)

    hr.post(f"{person.replace('/laporan/', '/kepegawaian/')}kelola/lepas/", {"agency": world.alor.agency_id})
    assert (hr.get(person).status_code, hr_alor.get(person).status_code) == (200, 404)
    assert "Ana Bere" in text(hr.get(RELEASES))
    assert "Ana Bere" in text(hr_alor.get(ARRIVALS))
    assert (sasaran(hr), sasaran(hr_alor)) == before

    transfer = Transfer.objects.get()
    place = reverse("hr_place", args=[transfer.pk])
    assert f"?unit={world.kominfo.pk}" in hr_alor.get(place, {"q": "kominfo"}).content.decode()
    assert hr_alor.get(place, {"unit": world.kominfo.pk}).status_code == 200
    placed = hr_alor.post(f"{place}?unit={world.kominfo.pk}", {"new_nip": ""})
    assert placed.url == reverse("hr_person", args=[world.ana.pk])

    assert (hr.get(person).status_code, hr_alor.get(person).status_code) == (404, 200)
    assert (sasaran(hr), sasaran(hr_alor)) == (before[0] - 1, before[1] + 1)
    assert "Ana Bere" not in text(hr.get("/laporan/pegawai/"))
    assert "Ana Bere" in text(hr_alor.get("/laporan/pegawai/"))
    assert "Ana Bere" not in text(hr.get(RELEASES)) + text(hr_alor.get(ARRIVALS))
    assert Completion.objects.get(pk=earned.pk).unit == world.kesehatan
    assert Completion.objects.filter(agency=world.kupang.agency).count() == 1
    assert Completion.objects.filter(agency=world.alor.agency).count() == 0


def test_the_old_officer_withdraws(world, hr, hr_alor):
    transfer = to_release(world)
    withdraw = reverse("hr_withdraw", args=[transfer.pk])
    assert hr.get(withdraw).status_code == 200
    assert hr.post(withdraw).status_code == 302
    assert "Ana Bere" not in text(hr_alor.get(ARRIVALS))
    place = f"{reverse('hr_place', args=[transfer.pk])}?unit={world.kominfo.pk}"
    assert hr_alor.post(place).status_code == 404
    assert hr.post(withdraw).status_code == 404


def test_releases_and_arrivals_of_others_do_not_exist(world, hr, hr_alor):
    transfer = to_release(world)
    place, withdraw = reverse("hr_place", args=[transfer.pk]), reverse("hr_withdraw", args=[transfer.pk])
    for browser, url in ((hr, place), (hr_alor, withdraw)):
        missing = url.replace(f"/{transfer.pk}/", f"/{transfer.pk + 1000}/")
        for method in ("get", "post"):
            theirs, nothing = getattr(browser, method)(url), getattr(browser, method)(missing)
            assert theirs.status_code == nothing.status_code == 404
            assert text(theirs) == text(nothing)
    transfer.refresh_from_db()
    assert (transfer.placed_at, transfer.withdrawn_at) == (None, None)
    assert hr_alor.get(place, {"unit": world.kesehatan.pk}).status_code == 404


def test_arrivals_are_for_officers_of_the_whole_agency(world, client):
    transfer = to_release(world)
    client.force_login(make_hr(world.kominfo))
    assert "Ana Bere" not in text(client.get(ARRIVALS))
    assert client.get(reverse("hr_place", args=[transfer.pk])).status_code == 404


def test_an_officer_of_the_province_does_both_sides(world, client):
    group = AgencyGroup.objects.create(name="Provinsi")
    group.agencies.set([world.kupang.agency, world.alor.agency])
    province = PersonFactory()
    Role.objects.create(person=province, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    client.force_login(province)
    transfer = to_release(world)
    assert "Ana Bere" in text(client.get(ARRIVALS))
    assert "Ana Bere" in text(client.get(RELEASES))
    start = client.get(reverse("hr_place", args=[transfer.pk])).content.decode()
    assert f"?unit={world.alor.pk}" in start
    assert f"?unit={world.kupang.pk}" not in start


@pytest.mark.parametrize("number", ["123", "19941312 202021 1 001"])
def test_a_wrong_number_places_nobody_and_stays_in_the_form(world, hr_alor, number):
    transfer = to_release(world)
    url = f"{reverse('hr_place', args=[transfer.pk])}?unit={world.kominfo.pk}"
    refused = hr_alor.post(url, {"new_nip": number})
    assert refused.status_code == 422
    assert f'value="{number}"' in refused.content.decode()
    assert Person.objects.get(pk=world.ana.pk).unit == world.kesehatan


def test_a_new_number_is_set_while_placing(world, hr_alor):
    transfer, former = to_release(world), world.ana.nip
    url = f"{reverse('hr_place', args=[transfer.pk])}?unit={world.kominfo.pk}"
    hr_alor.post(url, {"new_nip": "19940712 202621 1 001"})
    assert Person.objects.get(pk=world.ana.pk).nip == "199407122026211001"
    assert NipHistory.objects.get(person=world.ana).nip == former


def done_list(browser, side, state):
    return text(browser.get("/kepegawaian/mutasi/", {"daftar": side, "keadaan": state}))


def test_what_was_done_is_listed_for_the_side_that_did_it(world, hr, hr_alor):
    transfer = to_release(world)
    assert "Ana Bere" not in done_list(hr, "keluar", "ditempatkan")
    place_arrival(transfer, unit=world.kominfo, by=world.hr_alor, at=timezone.now(), new_nip="19940712 202621 1 001")
    ours, theirs = done_list(hr, "keluar", "ditempatkan"), done_list(hr_alor, "masuk", "ditempatkan")
    for words in ("Ana Bere", "Dinas Kesehatan", "Pemerintah Kab. Alor", "oleh Hesti Nalle"):
        assert words in ours
        assert words in theirs
    for words in ("Dinas Kominfo", "oleh Joni Atamai"):
        assert words in theirs
        assert words not in ours
    for browser, side in ((hr, "masuk"), (hr_alor, "keluar"), (hr_alor, "masuk")):
        assert "Ana Bere" not in done_list(browser, side, "ditarik")
    assert "Ana Bere" not in done_list(hr, "masuk", "ditempatkan") + done_list(hr_alor, "keluar", "ditempatkan")


def test_who_released_somebody_learns_nothing_of_what_came_later(world, hr, hr_alor):
    transfer = to_release(world)
    place_arrival(transfer, unit=world.kominfo, by=world.hr_alor, at=timezone.now(), new_nip="19940712 202621 1 001")
    person = Person.objects.get(pk=world.ana.pk)
    correct(person, {"name": "Ana Laka"}, by=world.hr_alor, at=timezone.now())
    page = done_list(hr, "keluar", "ditempatkan")
    assert "Ana Bere, S.Kom." in page
    assert "Laka" not in page
    assert "1994" not in page
    assert reverse("hr_person", args=[person.pk]) not in hr.get(RELEASES + "&keadaan=ditempatkan").content.decode()
    link = reverse("hr_person", args=[person.pk])
    assert link in hr_alor.get(ARRIVALS + "?daftar=masuk&keadaan=ditempatkan").content.decode()


def test_a_withdrawn_release_stays_with_who_released(world, hr, hr_alor):
    withdraw_release(to_release(world), by=world.hr, at=timezone.now())
    assert "Ana Bere" in done_list(hr, "keluar", "ditarik")
    assert "Ana Bere" not in done_list(hr_alor, "masuk", "ditempatkan") + done_list(hr_alor, "masuk", "ditarik")


def test_an_officer_of_a_branch_sees_what_was_released_from_there(world, client):
    place_arrival(to_release(world), unit=world.kominfo, by=world.hr_alor, at=timezone.now())
    for unit, seen in ((world.kesehatan, True), (world.sosial, False)):
        client.force_login(make_hr(unit))
        assert ("Ana Bere" in done_list(client, "keluar", "ditempatkan")) is seen


def test_what_was_done_asks_a_bounded_number_of_questions(world, hr, hr_alor, django_assert_max_num_queries):
    for number in range(60):
        transfer = release(
            PersonFactory(unit=world.kesehatan), to_agency=world.alor.agency, by=world.hr, at=timezone.now()
        )
        place_arrival(transfer, unit=world.kominfo, by=world.hr_alor, at=timezone.now())
        if number in {1, 59}:
            for browser, side in ((hr, "keluar"), (hr_alor, "masuk")):
                done_list(browser, side, "ditempatkan")
                with django_assert_max_num_queries(10):
                    assert f"{number + 1} pegawai" in done_list(browser, side, "ditempatkan")


def test_the_lists_ask_a_bounded_number_of_questions(world, hr, hr_alor, django_assert_max_num_queries):
    for number in range(60):
        person = PersonFactory(unit=world.kesehatan)
        release(person, to_agency=world.alor.agency, by=world.hr, at=timezone.now())
        if number in {1, 59}:
            for browser, url in ((hr, RELEASES), (hr_alor, ARRIVALS)):
                browser.get(url)
                with django_assert_max_num_queries(10):
                    assert f"{number + 1} pegawai" in text(browser.get(url))
