"""A roster that is loaded: what becomes of each row, and of what stood before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from academy.people.models import ChangeLog, NipHistory, Person, Placement, RosterImport, Transfer, WorkUnit
from academy.people.models.change_log import record
from academy.people.roster.outcome import RosterRefused
from academy.people.signals import placed
from academy.people.units import ensure_root
from tests.factories import AT, PersonFactory, make_hr, make_nip, make_unit
from tests.people.roster.files import TODAY, UNIT, everything, line, load, make_agency, write_csv, write_xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency():
    return make_agency()


@pytest.fixture
def moved_people():
    heard: list[list[int]] = []

    def hear(person_ids, **kwargs):
        heard.append(person_ids)

    placed.connect(hear)
    yield heard
    placed.disconnect(hear)


def test_new_people_are_made_with_all_that_the_file_says(tmp_path, agency):
    file = write_csv(tmp_path, [line(1, Email="Yohanes@contoh.test", Gelar_Depan="Dr.")])
    outcome = load(file, agency)
    person = Person.objects.get(nip=make_nip(1))
    assert outcome.counts() == {"read": 1, "new": 1, "changed": 0, "moved": 0, "gone": 0, "unchanged": 0, "refused": 0}
    assert (person.full_name, person.email, person.grade, person.position, person.kind, person.unit.name) == (
        "Dr. Yohanes Contoh 1, S.Kom.",
        "Yohanes@contoh.test",
        "III/a",
        "Pranata Komputer",
        Person.Kind.PNS,
        UNIT,
    )
    assert not person.has_usable_password()
    assert person.is_active
    assert not person.is_staff
    assert not person.is_superuser
    assert person.joined_at == AT
    assert list(person.placements.values_list("unit", "from_on")) == [(person.unit_id, TODAY)]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_second_import_finds_all_unchanged_and_writes_no_person(
    tmp_path, agency, write, django_assert_max_num_queries
):
    file = write(tmp_path, [line(number, Email=f"y{number}@contoh.test") for number in range(20)])
    assert load(file, agency).new == 20
    before = everything()
    with django_assert_max_num_queries(12) as queries:
        outcome = load(file, agency)
    assert (outcome.unchanged, outcome.read) == (20, 20)
    assert everything() == before
    assert not [
        query for query in queries.captured_queries if "people_person" in query["sql"] and "SELECT" not in query["sql"]
    ]


def test_only_what_differs_is_written_and_counted_once(tmp_path, agency):
    load(write_csv(tmp_path, [line(number) for number in range(4)]), agency)
    second = make_unit("Inspektorat Daerah", agency=agency)
    file = write_csv(
        tmp_path,
        [
            line(0),
            line(1, Golongan="III/b"),
            line(2, Unit_Kerja="Inspektorat Daerah", Golongan="III/b"),
            line(3),
            line(4),
        ],
    )
    outcome = load(file, agency)
    assert outcome.counts() == {"read": 5, "new": 1, "changed": 1, "moved": 1, "gone": 0, "unchanged": 2, "refused": 0}
    assert Person.objects.get(nip=make_nip(1)).grade == "III/b"
    moved = Person.objects.get(nip=make_nip(2))
    assert (moved.unit, moved.grade) == (second, "III/b")
    assert outcome.samples["changed"] == [
        {"nip": make_nip(1), "name": "Yohanes Contoh 1", "before": "III/a", "after": "III/b"}
    ]
    assert outcome.samples["moved"][0]["after"] == "Inspektorat Daerah"


def test_who_moves_is_placed_from_today_and_announced_once(tmp_path, agency, moved_people):
    other = make_unit("Inspektorat Daerah", agency=agency)
    people = [PersonFactory(nip=make_nip(number), unit=other) for number in range(3)]
    load(write_csv(tmp_path, [line(number) for number in range(4)]), agency)
    assert [sorted(ids) for ids in moved_people] == [sorted(person.pk for person in people)]
    assert list(people[0].placements.values_list("from_on", flat=True)) == [date(2020, 1, 1), TODAY]


def test_columns_and_cells_that_the_file_does_not_have_leave_values_alone(tmp_path, agency):
    person = PersonFactory(
        nip=make_nip(1), name="Yohanes Contoh 1", unit=make_unit(UNIT, agency=agency), email="lama@contoh.test"
    )
    rows = [[make_nip(1), "Yohanes Contoh 1", UNIT, ""]]
    outcome = load(write_csv(tmp_path, rows, headings=["NIP", "Nama", "Unit Kerja", "Email"]), agency)
    person.refresh_from_db()
    assert outcome.unchanged == 1
    assert (person.grade, person.email, person.title_after) == ("III/a", "lama@contoh.test", "S.Kom.")


def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path, agency):
    file = write_csv(tmp_path, [line(1), line(2, Golongan="V/z"), line(3, Unit_Kerja="Baru")])
    before = everything(), ChangeLog.objects.count()
    tried = load(file, agency, dry_run=True, create_units=True)
    assert (everything(), ChangeLog.objects.count()) == before
    done = load(file, agency, create_units=True)
    assert tried == done
    assert done.counts() == {"read": 3, "new": 2, "changed": 0, "moved": 0, "gone": 0, "unchanged": 0, "refused": 1}


def test_strict_accepts_nothing_when_a_row_is_refused(tmp_path, agency):
    before = everything()
    outcome = load(write_csv(tmp_path, [line(1), line(2, Golongan="V/z")]), agency, strict=True)
    assert everything() == before
    assert (outcome.read, outcome.refused, outcome.new, len(outcome.refusals)) == (2, 2, 0, 1)


def test_the_standing_makes_people_inactive_and_active_again(tmp_path, agency):
    load(write_csv(tmp_path, [line(1, Kedudukan="Pensiun"), line(2)]), agency)
    assert [Person.objects.get(nip=make_nip(number)).is_active for number in (1, 2)] == [False, True]
    outcome = load(write_csv(tmp_path, [line(1, Kedudukan="AKTIF"), line(2, Kedudukan="Mencapai BUP")]), agency)
    assert outcome.changed == 2
    assert [Person.objects.get(nip=make_nip(number)).is_active for number in (1, 2)] == [True, False]


def test_people_missing_from_the_file_are_told_and_only_on_request_made_inactive(tmp_path, agency):
    load(write_csv(tmp_path, [line(number) for number in range(3)]), agency)
    file = write_csv(tmp_path, [line(0)])
    assert load(file, agency).gone == 2
    assert Person.objects.filter(is_active=True).count() == 3
    outcome = load(file, agency, deactivate_gone=True)
    assert (outcome.gone, outcome.read) == (2, 1)
    assert [person.is_active for person in Person.objects.order_by("nip")] == [True, False, False]
    assert load(file, agency, deactivate_gone=True).gone == 0


def test_nobody_is_gone_whose_row_is_refused(tmp_path, agency):
    load(write_csv(tmp_path, [line(number) for number in range(3)]), agency)
    file = write_csv(tmp_path, [line(0), line(1, Golongan="V/z"), line(2, NIP="1.97E+17")])
    outcome = load(file, agency, deactivate_gone=True)
    assert (outcome.refused, outcome.gone) == (2, 0)


def test_a_person_of_another_agency_is_refused_and_that_is_logged(tmp_path, agency):
    stranger = PersonFactory(nip=make_nip(1))
    outcome = load(write_csv(tmp_path, [line(1), line(2)]), agency)
    stranger.refresh_from_db()
    assert (outcome.refused, outcome.new) == (1, 1)
    assert outcome.refusals[0].row == 2
    assert "instansi lain" in outcome.refusals[0].message
    assert stranger.name not in outcome.refusals[0].message
    logged = ChangeLog.objects.get(action=ChangeLog.Action.FOREIGN_NIP)
    assert (logged.detail, logged.unit) == ({"count": 1}, WorkUnit.objects.get(agency=agency, depth=1))
    assert stranger.unit.agency != agency


def test_who_asks_for_too_many_numbers_of_others_is_refused_and_logged(tmp_path, agency):
    officer = make_hr(ensure_root(agency))
    record(ChangeLog.Action.FOREIGN_NIP, by=officer, at=AT - timedelta(hours=1), count=500)
    PersonFactory(nip=make_nip(1))
    with pytest.raises(RosterRefused):
        load(write_csv(tmp_path, [line(1), line(2)]), agency, by=officer)
    refused = ChangeLog.objects.get(action=ChangeLog.Action.FOREIGN_REFUSED)
    assert (refused.actor, refused.unit, refused.detail) == (officer, ensure_root(agency), {"count": 1})
    assert not Person.objects.filter(nip=make_nip(2)).exists()


def test_a_person_released_to_the_agency_is_moved_and_the_transfer_placed(tmp_path, agency, moved_people):
    person = PersonFactory(nip=make_nip(1))
    transfer = Transfer.objects.create(
        person=person, from_unit=person.unit, to_agency=agency, released_at=AT - timedelta(days=1)
    )
    outcome = load(write_csv(tmp_path, [line(1)]), agency)
    person.refresh_from_db()
    transfer.refresh_from_db()
    assert outcome.counts()["moved"] == 1
    assert person.unit.agency == agency
    assert (transfer.placed_in, transfer.placed_at) == (person.unit, AT)
    assert moved_people == [[person.pk]]


def test_a_withdrawn_release_is_none(tmp_path, agency):
    person = PersonFactory(nip=make_nip(1))
    Transfer.objects.create(person=person, from_unit=person.unit, to_agency=agency, released_at=AT, withdrawn_at=AT)
    assert load(write_csv(tmp_path, [line(1)]), agency).refused == 1


def test_a_former_nip_finds_the_person_and_the_present_one_stays(tmp_path, agency):
    person = PersonFactory(nip=make_nip(9), unit=make_unit(UNIT, agency=agency))
    NipHistory.objects.create(person=person, nip=make_nip(1), until_on=date(2025, 1, 1))
    outcome = load(write_csv(tmp_path, [line(1)]), agency)
    person.refresh_from_db()
    assert (outcome.changed, outcome.new) == (1, 0)
    assert (person.nip, person.name) == (make_nip(9), "Yohanes Contoh 1")
    assert "lama" in outcome.warnings[0].message


def test_both_numbers_of_one_person_are_refused(tmp_path, agency):
    person = PersonFactory(nip=make_nip(9), unit=make_unit(UNIT, agency=agency))
    NipHistory.objects.create(person=person, nip=make_nip(1), until_on=date(2025, 1, 1))
    assert load(write_csv(tmp_path, [line(1), line(9)]), agency).refused == 2


def test_the_log_has_the_counts_and_no_number(tmp_path, agency):
    load(write_csv(tmp_path, [line(1)]), agency)
    entry = ChangeLog.objects.get(action=ChangeLog.Action.ROSTER_IMPORTED)
    counts = {"read": 1, "new": 1, "changed": 0, "moved": 0, "gone": 0, "unchanged": 0, "refused": 0}
    assert entry.detail == counts | {"import": RosterImport.objects.get().pk}
    assert make_nip(1) not in str(entry.detail)


def test_the_email_of_who_works_in_the_cms_is_left_alone(tmp_path, agency):
    person = PersonFactory(nip=make_nip(1), unit=make_unit(UNIT, agency=agency), is_staff=True)
    outcome = load(write_csv(tmp_path, [line(1, Email="lain@contoh.test")]), agency)
    assert Person.objects.get(pk=person.pk).email == person.email
    assert [note.column for note in outcome.warnings] == ["Email"]


def test_who_holds_a_role_keeps_the_address_to_sign_in_with_and_stays_active(tmp_path, agency):
    officer = make_hr(make_unit(UNIT, agency=agency), nip=make_nip(1))
    other = make_hr(make_unit(UNIT, agency=agency), nip=make_nip(2))
    rows = [line(1, Email="lain@contoh.test")]
    outcome = load(write_csv(tmp_path, rows), agency, deactivate_gone=True)
    assert (outcome.changed, outcome.gone) == (1, 0)  # the name alone
    assert Person.objects.get(pk=officer.pk).email == officer.email
    assert Person.objects.get(pk=other.pk).is_active


def test_a_person_without_a_unit_is_taken_in(tmp_path, agency):
    person = PersonFactory(nip=make_nip(1), unit=None)
    assert load(write_csv(tmp_path, [line(1)]), agency).moved == 1
    assert Placement.objects.get(person=person).unit == WorkUnit.objects.get(name=UNIT)
