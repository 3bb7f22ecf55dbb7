"""The page of one official, and what HR does from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone

from academy.people.models import AccessLog, ActivationCode, ChangeLog, Person, Placement, Role, Transfer
from tests.factories import LONG_AGO, PersonFactory
from tests.people.desk.conftest import confirm, seen_in, text

PAGES = [
    "hr_person",
    "hr_correct",
    "hr_move",
    "hr_new_code",
    "hr_release",
    "hr_leave",
    "hr_deactivate",
    "hr_reactivate",
]


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
    fields = {"name": "Ana Beri", "nip": world.ana.nip, "email": "ana@contoh.test"}
    assert confirm(hr, address("hr_correct", world.ana), fields).url == address("hr_person", world.ana)
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


def test_a_correction_shows_old_and_new_before_it_counts(world, hr):
    world.ana.email = "ana@contoh.test"
    world.ana.save()
    fields = {
        "name": "Ana Beri",
        "title_after": world.ana.title_after,
        "nip": world.ana.nip,
        "email": "",
        "grade": "III/b",
    }
    page = hr.post(address("hr_correct", world.ana), fields)
    assert page.status_code == 200
    for words in (
        "Ana Beri sampai sekarang: Ana Bere",
        "III/b sampai sekarang: III/a",
        "– sampai sekarang: ana@contoh.test",
    ):
        assert words in text(page)
    assert "Gelar di belakang nama" not in text(page)
    assert Person.objects.get(pk=world.ana.pk).name == "Ana Bere"
    for _click in range(2):
        done = hr.post(address("hr_correct", world.ana), fields | {"seen": seen_in(page)})
        assert done.url == address("hr_person", world.ana)
    assert Person.objects.get(pk=world.ana.pk).grade == "III/b"
    assert ChangeLog.objects.count() == 1


def planned(world, *, days=3, unit=None):
    day = timezone.localdate() + timedelta(days=days)
    return Placement.objects.create(person=world.ana, unit=unit, from_on=day)


def test_a_plan_is_cancelled_once(world, hr):
    plan = planned(world, unit=world.sosial)
    url = reverse("hr_cancel_plan", args=[world.ana.pk, plan.pk])
    assert url in hr.get(address("hr_person", world.ana)).content.decode()
    assert "Dinas Sosial" in text(hr.get(url))
    assert Placement.objects.filter(pk=plan.pk).exists()
    for _click in range(2):
        assert hr.post(url).url == address("hr_person", world.ana)
    assert not Placement.objects.filter(pk=plan.pk).exists()
    page = text(hr.get(address("hr_person", world.ana)))
    assert "direncanakan ·" not in page
    assert "Rencana perpindahan dibatalkan" in page
    assert ChangeLog.objects.count() == 1
    assert hr.get(url).status_code == 404


def test_what_has_come_and_plans_of_others_cannot_be_cancelled(world, hr, hr_alor):
    past, plan = planned(world, days=0, unit=world.sosial), planned(world)
    assert hr.get(reverse("hr_cancel_plan", args=[world.ana.pk, past.pk])).status_code == 404
    assert hr.post(reverse("hr_cancel_plan", args=[world.ana.pk, past.pk])).status_code == 404
    for person in (world.ana, world.gita):
        url = reverse("hr_cancel_plan", args=[person.pk, plan.pk])
        assert (hr_alor if person == world.ana else hr).post(url).status_code == 404
    assert "Peran yang akan berakhir" in text(hr.get(reverse("hr_cancel_plan", args=[world.ana.pk, plan.pk])))
    assert Placement.objects.filter(pk__in=[past.pk, plan.pk]).count() == 2


def test_who_forgot_the_password_gets_a_code_on_paper(world, hr, client):
    world.ana.set_password("pinang-sirih-lama")
    world.ana.save()
    url = address("hr_new_code", world.ana)
    asked = hr.get(url)
    assert "Kata sandi sekarang tetap berlaku sampai kode dipakai" in text(asked)
    assert not ActivationCode.objects.exists()
    slip = hr.post(url)
    code = BeautifulSoup(slip.content, "html.parser").select(".slip__code")[0].get_text()
    assert "no-store" in slip.headers["Cache-Control"]
    assert Person.objects.get(pk=world.ana.pk).check_password("pinang-sirih-lama")
    fields = {"nip": world.ana.nip, "code": code, "password1": "pinang-sirih-baru", "password2": "pinang-sirih-baru"}
    assert type(client)().post("/masuk/aktivasi/", fields).status_code == 302
    assert Person.objects.get(pk=world.ana.pk).check_password("pinang-sirih-baru")
    assert "Kode aktivasi baru dibuat untuk orang yang memiliki kata sandi" in text(
        hr.get(address("hr_person", world.ana))
    )


def test_a_code_is_refused_in_words_where_it_would_give_wider_powers(world, hr):
    chief, gone = PersonFactory(unit=world.sosial), PersonFactory(unit=world.sosial, is_active=False)
    Role.objects.create(person=chief, kind=Role.Kind.OPERATOR, unit=world.kupang, from_at=LONG_AGO)
    for person in (chief, gone, world.hr):
        assert hr.post(address("hr_new_code", person)).status_code == 422
    assert not ActivationCode.objects.exists()


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
