"""Taking an import back: everything as before, or a reason why not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from academy.people.models import ChangeLog, Person, RosterChange, RosterImport, Transfer, WorkUnit
from academy.people.models.change_log import record
from academy.people.placements import place
from academy.people.roster import jobs
from academy.people.roster.undoing import CannotUndo, undo_import
from tests.factories import AT, PersonFactory, make_enrolment, make_hr, make_nip, make_unit
from tests.people.roster.files import TODAY, UNIT, everything, line, load, make_agency, write_csv

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


@pytest.fixture
def agency():
    return make_agency()


@pytest.fixture
def officer(agency):
    return make_hr(WorkUnit.objects.get(agency=agency, depth=1), nip=None)


def make_job(agency, **fields):
    return RosterImport.objects.create(agency=agency, at=AT, file_name="daftar.csv", sha256="0" * 64, **fields)


def loaded(tmp_path, agency, rows, **options):
    job = make_job(agency)
    load(write_csv(tmp_path, rows), agency, job=job, **options)
    job.refresh_from_db()
    return job


def undo(job, by) -> int:
    jobs.undo(job, by=by)
    try:
        return undo_import(job, at=LATER)
    finally:
        job.refresh_from_db()


def test_everything_is_as_it_was(tmp_path, agency, officer):
    other = make_unit("Inspektorat Daerah", agency=agency)
    PersonFactory(nip=make_nip(1), unit=other, email=None)  # moves, and changes its name
    PersonFactory(nip=make_nip(2), unit=make_unit(UNIT, agency=agency))  # changes
    PersonFactory(nip=make_nip(3), unit=other)  # is gone
    released = PersonFactory(nip=make_nip(4))
    Transfer.objects.create(person=released, from_unit=released.unit, to_agency=agency, released_at=AT)
    before, transfers = everything(), list(Transfer.objects.values())
    rows = [line(1, Email="baru@contoh.test"), line(2), line(4), line(5), line(6, Unit_Kerja="Unit Baru")]
    job = loaded(tmp_path, agency, rows, create_units=True, deactivate_gone=True)
    assert job.state == RosterImport.State.APPLIED
    assert everything() != before
    assert undo(job, officer) == 7  # five people, one who was gone, one unit
    assert everything() == before
    assert list(Transfer.objects.values()) == transfers
    assert job.state == RosterImport.State.UNDONE
    assert ChangeLog.objects.get(action=ChangeLog.Action.ROSTER_UNDONE).actor == officer


def test_a_repeat_does_nothing(tmp_path, agency, officer):
    job = loaded(tmp_path, agency, [line(1)])
    assert undo(job, officer) == 1
    assert undo(job, officer) == 0
    assert ChangeLog.objects.filter(action=ChangeLog.Action.ROSTER_UNDONE).count() == 1


def test_an_earlier_placement_of_the_same_day_comes_back(tmp_path, agency, officer):
    first = make_unit("Inspektorat Daerah", agency=agency)
    person = PersonFactory(nip=make_nip(1), unit=None)
    place(person, unit=first, from_on=TODAY, today=TODAY)
    job = loaded(tmp_path, agency, [line(1)])
    undo(job, officer)
    person.refresh_from_db()
    assert person.unit == first
    assert list(person.placements.values_list("unit", "from_on")) == [(first.pk, TODAY)]


def test_addresses_come_back_in_any_order(tmp_path, agency, officer):
    first, second = (
        PersonFactory(nip=make_nip(n), unit=make_unit(UNIT, agency=agency), email=f"{n}@contoh.test") for n in (1, 2)
    )
    job = loaded(tmp_path, agency, [line(1, Email="baru@contoh.test"), line(2, Email="lain@contoh.test")])
    # As if the file had exchanged them.
    before = {first.pk: "lain@contoh.test", second.pk: "baru@contoh.test"}
    for change in job.changes.all():
        RosterChange.objects.filter(pk=change.pk).update(before=change.before | {"email": before[change.person_id]})
    undo(job, officer)
    assert dict(Person.objects.filter(pk__in=before).values_list("pk", "email")) == before


def test_an_address_that_somebody_else_took_stays_there(tmp_path, agency, officer):
    PersonFactory(nip=make_nip(1), unit=make_unit(UNIT, agency=agency), email="lama@contoh.test")
    job = loaded(tmp_path, agency, [line(1, Email="baru@contoh.test")])
    PersonFactory(email="Lama@contoh.test")
    before = everything()
    with pytest.raises(CannotUndo, match="surel"):
        undo(job, officer)
    assert everything() == before


def test_undoing_takes_no_more_statements_for_more_people(tmp_path, agency, officer, django_assert_max_num_queries):
    other = make_unit("Inspektorat Daerah", agency=agency)
    load(write_csv(tmp_path, [line(number) for number in range(100)]), agency, at=AT - timedelta(days=1))
    rows = [line(number, Golongan="IV/a") for number in range(50)]
    rows += [line(number, Unit_Kerja=other.name) for number in range(50, 100)] + [line(n) for n in range(100, 150)]
    job = loaded(tmp_path, agency, rows)
    jobs.undo(job, by=officer)
    with django_assert_max_num_queries(90):  # most of them ask one table each whether it names a new person
        assert undo_import(job, at=LATER) == 150


def later_import(tmp_path, agency, person):
    load(write_csv(tmp_path, [line(1, Golongan="IV/a")]), agency)


def enrolled(tmp_path, agency, person):
    make_enrolment(person=person)


def placed_elsewhere(tmp_path, agency, person):
    place(person, unit=make_unit("Inspektorat Daerah", agency=agency), from_on=date(2027, 1, 1), today=TODAY)


def corrected(tmp_path, agency, person):
    record(ChangeLog.Action.CORRECTED, by=None, at=LATER, subject=person)


def signed_in(tmp_path, agency, person):
    Person.objects.filter(pk=person.pk).update(last_login=LATER)


@pytest.mark.parametrize("build", [later_import, enrolled, placed_elsewhere, corrected, signed_in])
def test_what_was_built_upon_stays(tmp_path, agency, officer, build):
    job = loaded(tmp_path, agency, [line(1)])
    build(tmp_path, agency, Person.objects.get(nip=make_nip(1)))
    before = everything()
    with pytest.raises(CannotUndo):
        undo(job, officer)
    assert everything() == before


def test_after_the_later_one_is_undone_the_earlier_one_can_be(tmp_path, agency, officer):
    first = loaded(tmp_path, agency, [line(1)])
    second = loaded(tmp_path, agency, [line(1, Golongan="IV/a")])
    undo(second, officer)
    assert undo(first, officer) == 1
    assert not Person.objects.filter(nip=make_nip(1)).exists()


def test_what_was_not_applied_cannot_be_undone(agency):
    with pytest.raises(CannotUndo):
        undo_import(make_job(agency), at=LATER)
