"""The page of one official, and what HR does from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from academy.people.models import AccessLog, ChangeLog, Person, Role, Transfer
from tests.factories import LONG_AGO, PersonFactory
from tests.people.desk.conftest import text

PAGES = ["hr_person", "hr_correct", "hr_move", "hr_release", "hr_leave", "hr_deactivate", "hr_reactivate"]


def address(view, person):
    return reverse(view, args=[person.pk])


def today_of(person):
    return Person.objects.get(pk=person.pk).unit


@pytest.mark.parametrize("view", PAGES)
def test_people_of_others_do_not_exist(world, hr, view):
    missing = reverse(view, args=[world.gita.pk + 10_000])
    for method in ("get", "post"):
        theirs, nobody = getattr(hr, method)(address(view, world.gita)), getattr(hr, method)(missing)
        assert theirs.status_code == nobody.status_code == (405 if (view, method) == ("hr_person", "post") else 404)
        assert text(theirs) == text(nobody)
    assert not ChangeLog.objects.exists()


@pytest.mark.parametrize("view", PAGES)
def test_without_the_role_the_pages_are_closed(world, client, view):
    assert client.get(address(view, world.ana)).status_code == 302
    client.force_login(world.ana)
    assert client.get(address(view, world.ana)).status_code == 403
    assert client.post(address(view, world.ana)).status_code in {403, 405}


def test_the_page_shows_data_placements_roles_and_changes(world, hr):
    hr.post(address("hr_correct", world.ana), {"name": "Ana Beri", "nip": world.ana.nip, "email": "ana@contoh.test"})
    Role.objects.create(person=world.ana, kind=Role.Kind.TRAINER, unit=world.sosial, from_at=LONG_AGO)
    page = text(hr.get(address("hr_person", world.ana)))
    for words in ("Ana Beri", "Dinas Kesehatan", "sejak 1 Januari 2020", "Pengajar", "Hesti Nalle", "Ana Bere"):
        assert words in page
    assert AccessLog.objects.filter(subject=world.ana, action="person_page").count() == 1


def test_the_report_leads_to_the_page_and_back(world, hr):
    assert address("hr_person", world.ana) in hr.get(f"/laporan/pegawai/{world.ana.pk}/").content.decode()
    assert f"/laporan/pegawai/{world.ana.pk}/" in hr.get(address("hr_person", world.ana)).content.decode()


def test_a_refused_correction_keeps_what_was_typed(world, hr):
    fields = {"name": "Ana Beri", "nip": world.gita.nip, "email": "ana@contoh.test", "grade": "III/b"}
    refused = hr.post(address("hr_correct", world.ana), fields)
    assert refused.status_code == 422
    assert "NIP ini sudah dipakai" in text(refused)
    assert "Gita" not in text(refused)
    assert 'value="Ana Beri"' in refused.content.decode()
    assert not ChangeLog.objects.exists()
    assert hr.post(address("hr_correct", world.ana), {"name": ""}).status_code == 422


def test_moving_is_choosing_a_unit_then_a_day(world, hr):
    start = hr.get(address("hr_move", world.ana))
    assert f"?unit={world.kupang.pk}" in start.content.decode()
    below = hr.get(address("hr_move", world.ana), {"di": world.kupang.pk})
    found = hr.get(address("hr_move", world.ana), {"q": "sosial"})
    for page in (below, found):
        assert f"?unit={world.sosial.pk}" in page.content.decode()
        assert "Dinas Kominfo" not in text(page)
    ask = hr.get(address("hr_move", world.ana), {"unit": world.sosial.pk})
    assert ask.status_code == 200
    assert today_of(world.ana) == world.kesehatan
    today = timezone.localdate()
    done = hr.post(f"{address('hr_move', world.ana)}?unit={world.sosial.pk}", {"from_on": today.isoformat()})
    assert done.url == address("hr_person", world.ana)
    assert today_of(world.ana) == world.sosial


def test_a_unit_of_another_agency_cannot_be_chosen(world, hr):
    for query in ({"unit": world.kominfo.pk}, {"unit": 10**12}, {"unit": "x"}, {"di": world.kominfo.pk}):
        assert hr.get(address("hr_move", world.ana), query).status_code == 404
    post = hr.post(f"{address('hr_move', world.ana)}?unit={world.kominfo.pk}", {"from_on": "2026-11-24"})
    assert post.status_code == 404


def test_a_wrong_day_is_refused_with_the_reason(world, hr):
    url = f"{address('hr_move', world.ana)}?unit={world.sosial.pk}"
    for day in ("2019-01-01", "9999-12-31", "besok", ""):
        refused = hr.post(url, {"from_on": day})
        assert refused.status_code == 422
    assert today_of(world.ana) == world.kesehatan


def test_a_double_click_releases_once(world, hr):
    for _time in range(2):
        done = hr.post(address("hr_release", world.ana), {"agency": world.alor.agency_id})
        assert done.url == address("hr_person", world.ana)
    assert Transfer.objects.count() == 1
    assert "Dilepas ke Pemerintah Kab. Alor" in text(hr.get(address("hr_person", world.ana)))
    assert hr.post(address("hr_release", world.ana), {"agency": world.kupang.agency_id}).status_code == 422


def test_who_left_is_gone_with_the_next_request(world, hr):
    done = hr.post(address("hr_leave", world.ana), {"from_on": timezone.localdate().isoformat()})
    assert done.url == reverse("report_people")
    assert hr.get(address("hr_person", world.ana)).status_code == 404


def test_leaving_later_keeps_the_person_until_then(world, hr):
    day = timezone.localdate() + timedelta(days=3)
    assert hr.post(address("hr_leave", world.ana), {"from_on": day.isoformat()}).status_code == 302
    assert "direncanakan" in text(hr.get(address("hr_person", world.ana)))


def test_an_inactive_person_is_out_at_once_and_can_come_back(world, hr, client):
    learner = type(client)()
    learner.force_login(world.ana)
    assert learner.get("/belajar/").status_code == 200
    hr.post(address("hr_deactivate", world.ana))
    assert learner.get("/belajar/").status_code == 302
    assert "nonaktif" in text(hr.get(address("hr_person", world.ana)))
    hr.post(address("hr_reactivate", world.ana))
    assert Person.objects.get(pk=world.ana.pk).is_active


def test_wider_powers_are_refused_in_words(world, hr):
    chief = PersonFactory(unit=world.sosial)
    Role.objects.create(person=chief, kind=Role.Kind.OPERATOR, unit=world.kupang, from_at=LONG_AGO)
    for view in ("hr_deactivate", "hr_leave"):
        assert hr.post(address(view, chief), {"from_on": timezone.localdate().isoformat()}).status_code == 422
    assert hr.post(address("hr_correct", chief), {"name": "A", "email": "lain@contoh.test"}).status_code == 422
    assert not ChangeLog.objects.exists()


def test_what_the_other_agency_noted_is_not_shown(world, hr_alor):
    ChangeLog.objects.create(
        at=timezone.now(), action="corrected", actor=world.hr, unit=world.kesehatan, subject=world.gita
    )
    assert "Hesti" not in text(hr_alor.get(address("hr_person", world.gita)))


def test_the_page_asks_a_bounded_number_of_questions(world, hr, django_assert_max_num_queries):
    for _number in range(30):
        Role.objects.create(person=world.ana, kind=Role.Kind.TRAINER, unit=world.sosial, from_at=LONG_AGO)
        ChangeLog.objects.create(
            at=timezone.now(), action="corrected", actor=world.hr, unit=world.kesehatan, subject=world.ana
        )
    hr.get("/")  # fills what is kept for every page
    with django_assert_max_num_queries(10):
        hr.get(address("hr_person", world.ana))
