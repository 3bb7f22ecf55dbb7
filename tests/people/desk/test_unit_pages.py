"""The unit tree over HTTP, small and large."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from academy.people import units
from academy.people.models import AgencyGroup, ChangeLog, Person, Role, WorkUnit
from tests.factories import LONG_AGO, PersonFactory, make_hr
from tests.people.desk.conftest import confirm, seen_in, text
from tests.reports.world import page_table

TREE = "/kepegawaian/unit-kerja/"
PAGES = ["hr_unit", "hr_unit_open", "hr_unit_rename", "hr_unit_move", "hr_unit_merge", "hr_unit_close"]


def address(view, unit):
    return reverse(view, args=[unit.pk])


def fresh(unit):
    return WorkUnit.objects.get(pk=unit.pk)


@pytest.mark.parametrize("view", PAGES)
def test_units_of_others_do_not_exist(world, hr, view):
    missing = reverse(view, args=[world.kominfo.pk + 10_000])
    for method in ("get", "post"):
        theirs, nothing = getattr(hr, method)(address(view, world.kominfo)), getattr(hr, method)(missing)
        assert theirs.status_code == nothing.status_code == (405 if (view, method) == ("hr_unit", "post") else 404)
        assert text(theirs) == text(nothing)


def test_a_level_counts_people_with_all_below(world, hr):
    """Kesehatan: Ana, and one at the health centre; one inactive person is not counted. Sosial: nobody."""
    PersonFactory(unit=world.puskesmas)
    PersonFactory(unit=world.puskesmas, is_active=False)
    table = page_table(hr.get(TREE))
    assert [row[:3] for row in table.rows] == [["Dinas Kesehatan", "2", "1"], ["Dinas Sosial", "0", "0"]]


def test_a_search_finds_units_with_the_way_to_them(world, hr):
    page = text(hr.get(TREE, {"q": "tarus"}))
    assert "Puskesmas Tarus" in page
    assert "Pemerintah Kab. Kupang / Dinas Kesehatan" in page
    assert "Kominfo" not in text(hr.get(TREE, {"q": "dinas"}))
    assert hr.get(TREE, {"q": "a\x00b"}).status_code == 200
    assert "Tidak ada unit" in text(hr.get(TREE, {"q": "tidak ada"}))


def test_a_search_counts_branches_of_every_depth(world, hr):
    """Root: Ana, the officer and one at the health centre; Kesehatan 2; Puskesmas 1."""
    PersonFactory(unit=world.puskesmas)
    rows = page_table(hr.get(TREE, {"q": "a"})).rows
    counts = {row[0].split(" Pemerintah Kab. Kupang")[0]: row[1] for row in rows}
    assert counts == {
        "Pemerintah Kab. Kupang": "3",
        "Dinas Kesehatan": "2",
        "Puskesmas Tarus": "1",
        "Dinas Sosial": "0",
    }


def test_a_province_begins_with_its_agencies(world, client):
    group = AgencyGroup.objects.create(name="Provinsi")
    group.agencies.set([world.kupang.agency, world.alor.agency])
    province = PersonFactory(unit=world.alor)
    Role.objects.create(person=province, kind=Role.Kind.HR, group=group, from_at=LONG_AGO)
    client.force_login(province)
    assert [row[0] for row in page_table(client.get(TREE)).rows] == ["Pemerintah Kab. Kupang", "Pemerintah Kab. Alor"]


def test_an_officer_of_a_branch_begins_there(world, client):
    client.force_login(make_hr(world.kesehatan))
    page = text(client.get(TREE))
    assert "Puskesmas Tarus" in page
    assert "Dinas Sosial" not in page
    assert client.get(address("hr_unit", world.kupang)).status_code == 404


def test_opening_renaming_and_refusals_keep_what_was_typed(world, hr):
    done = hr.post(address("hr_unit_open", world.kesehatan), {"name": "Puskesmas Baun"})
    new = WorkUnit.objects.get(name="Puskesmas Baun")
    assert done.url == address("hr_unit", new)
    confirm(hr, address("hr_unit_rename", new), {"name": "Puskesmas Baun Barat"})
    assert fresh(new).name == "Puskesmas Baun Barat"
    refused = hr.post(address("hr_unit_rename", new), {"name": "puskesmas tarus"})
    assert refused.status_code == 422
    assert 'value="puskesmas tarus"' in refused.content.decode()
    assert ChangeLog.objects.count() == 2


def test_a_new_name_is_looked_at_before_it_counts(world, hr):
    url = address("hr_unit_rename", world.kesehatan)
    page = hr.post(url, {"name": "Dinas  Kesehatan Rakyat"})
    assert (page.status_code, fresh(world.kesehatan).name) == (200, "Dinas Kesehatan")
    for words in (
        "Dinas Kesehatan Rakyat",
        "sampai sekarang: Dinas Kesehatan",
        "Pegawai 1",
        "Sertifikat yang sudah terbit",
    ):
        assert words in text(page)
    again = hr.post(url, {"name": "Dinas  Kesehatan Rakyat", "seen": "x", "again": "1"})
    assert 'value="Dinas  Kesehatan Rakyat"' in again.content.decode()
    assert "Tinjau perubahan" in text(again)
    assert not ChangeLog.objects.exists()
    for _click in range(2):
        assert confirm(hr, url, {"name": f"Dinas Kesehatan {_click}"}).url == address("hr_unit", world.kesehatan)
    assert hr.post(url, {"name": "Dinas Kesehatan 1"}).status_code == 302  # nothing to look at
    assert ChangeLog.objects.filter(action="unit_renamed").count() == 2


def test_what_others_changed_meanwhile_is_shown_again(world, hr):
    url, fields = address("hr_unit_rename", world.sosial), {"name": "Dinas Sosial Baru"}
    seen = seen_in(hr.post(url, fields))
    units.rename_unit(world.sosial, name="Dinas Sosial Lain", by=world.hr, at=timezone.now())
    page = hr.post(url, fields | {"seen": seen})
    assert page.status_code == 422
    assert "Orang lain telah mengubah" in text(page)
    assert "sampai sekarang: Dinas Sosial Lain" in text(page)
    assert fresh(world.sosial).name == "Dinas Sosial Lain"


def test_a_merge_is_previewed_then_done_once(world, hr):
    ask = hr.get(address("hr_unit_merge", world.kesehatan), {"unit": world.sosial.pk})
    assert "Dinas Sosial" in text(ask)
    assert fresh(world.kesehatan).closed_on is None
    url = f"{address('hr_unit_merge', world.kesehatan)}?unit={world.sosial.pk}"
    for _click in range(2):
        assert hr.post(url).url == address("hr_unit", world.kesehatan)
    assert Person.objects.get(pk=world.ana.pk).unit == world.sosial
    assert "Digabung ke Dinas Sosial" in text(hr.get(address("hr_unit", world.kesehatan)))
    assert ChangeLog.objects.filter(action="unit_merged").count() == 1


def test_a_move_stays_in_the_scope_and_the_agency(world, hr, client):
    page = hr.get(address("hr_unit_move", world.sosial), {"q": "dinas"}).content.decode()
    assert f"?unit={world.kesehatan.pk}" in page
    for target in (world.kominfo, world.sosial):
        assert hr.post(f"{address('hr_unit_move', world.sosial)}?unit={target.pk}").status_code == 404
    hr.post(f"{address('hr_unit_move', world.sosial)}?unit={world.kesehatan.pk}")
    assert fresh(world.sosial).get_parent() == world.kesehatan


def test_closing_says_what_is_in_the_way(world, hr):
    page = hr.get(address("hr_unit_close", world.kesehatan))
    assert "1 pegawai aktif bekerja di sini" in text(page)
    assert hr.post(address("hr_unit_close", world.kesehatan)).status_code == 422
    assert hr.post(address("hr_unit_close", world.puskesmas)).status_code == 302
    assert fresh(world.puskesmas).closed_on == world.kupang.agency.day(timezone.now())


def grow(parent, *, count, people):
    """`count` more units below `parent`, with as many people in each of the first ones as there are."""
    start = WorkUnit.objects.get(pk=parent.pk)
    made = [
        WorkUnit(
            agency=start.agency,
            name=f"Bagian {number}",
            path=start.path + WorkUnit._int2str(100 + number).rjust(WorkUnit.steplen, "0"),
            depth=start.depth + 1,
        )
        for number in range(count)
    ]
    WorkUnit.objects.bulk_create(made, batch_size=500)
    WorkUnit.objects.filter(pk=parent.pk).update(numchild=start.numchild + count)
    Person.objects.bulk_create(
        [
            Person(name=f"Pegawai {n}", email=f"p{n}@contoh.test", unit=made[n % count], password="!")
            for n in range(people)
        ],
        batch_size=500,
    )


@pytest.mark.parametrize(("count", "people"), [(3, 3), (1500, 3000)])
def test_tree_search_and_choice_ask_a_bounded_number_of_questions(
    world, hr, django_assert_max_num_queries, count, people
):
    units.ensure_unit(world.kupang, "Sekretariat Daerah")
    grow(world.sosial, count=count, people=people)
    for url in (
        TREE,
        f"{TREE}?q=a",
        address("hr_unit", world.sosial),
        f"{address('hr_unit', world.sosial)}?page=2",
        f"{address('hr_move', world.ana)}?q=bagian",
        f"{address('hr_unit_merge', world.sosial)}?q=dinas",
        f"{address('hr_unit_merge', world.sosial)}?unit={world.kesehatan.pk}",
        f"{address('hr_unit_move', world.puskesmas)}?unit={world.sosial.pk}",
        address("hr_unit_close", world.sosial),
        address("hr_unit_rename", world.sosial),
        "/kepegawaian/peran/beri/?q=pegawai",
        "/laporan/pegawai/",
        "/laporan/pegawai/?status=nonaktif",
    ):
        assert hr.get(url).status_code == 200
        with django_assert_max_num_queries(10):
            assert hr.get(url).status_code == 200
