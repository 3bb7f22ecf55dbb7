"""Imports at the same moment, each on a connection of its own: one outcome, and no error for anybody."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from academy.people.models import Agency, Person, Placement, RosterImport, Transfer, WorkUnit
from academy.people.roster import jobs
from academy.people.roster.importing import Options, Outcome, import_roster
from tests.courses.test_races import all_at_once
from tests.factories import AT, PersonFactory, make_hr, make_nip, make_unit
from tests.people.roster.files import UNIT, everything, line, make_agency, write_csv

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
PEOPLE = 40
LATER = AT + timedelta(hours=1)


def meeting(count: int) -> Callable[[int], None]:
    """Progress that holds everybody up once, where all have planned and nobody has written, if the database lets them
    come that far; on SQLite, or under the lock of one agency, the second one cannot.
    """
    together = threading.Barrier(count)

    def tell(percent: int) -> None:
        if percent == 50:
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(timeout=1)

    return tell


def load_at_once(tmp_path, *imports: tuple[Agency, list[Any]]) -> list[Outcome]:
    paths = []
    for number, (_agency, rows) in enumerate(imports):
        (tmp_path / str(number)).mkdir()
        paths.append(write_csv(tmp_path / str(number), rows))
    tell = meeting(len(imports))

    def load(number: int) -> Outcome:
        agency = imports[number][0]
        return import_roster(paths[number], agency=agency, options=Options(), by=None, at=AT, progress=tell)

    return all_at_once(load, count=len(imports))


def test_one_agency_loads_the_same_new_people_twice(tmp_path):
    agency, rows = make_agency(), [line(number) for number in range(PEOPLE)]
    outcomes = load_at_once(tmp_path, *[(agency, rows)] * 3)
    assert sorted((each.new, each.unchanged) for each in outcomes) == [(0, PEOPLE), (0, PEOPLE), (PEOPLE, 0)]
    assert Person.objects.count() == Placement.objects.count() == PEOPLE
    assert RosterImport.objects.count() == 1


def test_two_agencies_load_the_same_new_people(tmp_path):
    rows = [line(number) for number in range(PEOPLE)]
    outcomes = load_at_once(tmp_path, (make_agency(), rows), (make_agency(), rows))
    assert sorted((each.new, each.refused) for each in outcomes) == [(0, PEOPLE), (PEOPLE, 0)]
    assert Person.objects.count() == Placement.objects.count() == PEOPLE


def test_two_agencies_ask_for_people_without_a_unit(tmp_path):
    people = [PersonFactory(nip=make_nip(number), unit=None) for number in range(PEOPLE)]
    rows = [line(number) for number in range(PEOPLE)]
    outcomes = load_at_once(tmp_path, (make_agency(), rows), (make_agency(), rows[::-1]))
    assert sorted((each.moved, each.refused) for each in outcomes) == [(0, PEOPLE), (PEOPLE, 0)]
    winner = RosterImport.objects.get().agency
    assert Person.objects.filter(unit__agency=winner).count() == PEOPLE
    assert Placement.objects.filter(person__in=people, unit__agency=winner).count() == PEOPLE


@pytest.mark.parametrize("cells", [{"Golongan": "IV/a"}, {"Unit_Kerja": "Inspektorat Daerah"}])
def test_the_old_agency_loads_people_while_the_new_one_places_them(tmp_path, cells):
    old, new = make_agency(), make_agency()
    make_unit("Inspektorat Daerah", agency=old)
    unit = WorkUnit.objects.get(agency=old, name=UNIT)
    people = [PersonFactory(nip=make_nip(number), unit=unit) for number in range(PEOPLE)]
    for person in people:
        Transfer.objects.create(person=person, from_unit=unit, to_agency=new, released_at=AT)
    rows = [line(number) for number in range(PEOPLE)]
    by_old, by_new = load_at_once(tmp_path, (old, [line(number, **cells) for number in range(PEOPLE)]), (new, rows))
    assert by_new.moved == PEOPLE
    assert PEOPLE in (by_old.changed, by_old.moved, by_old.refused)
    assert Transfer.objects.filter(placed_in__agency=new).count() == PEOPLE
    assert Person.objects.filter(unit__agency=new).count() == PEOPLE
    newest = {place.person_id: place.unit_id for place in Placement.objects.order_by("from_on", "pk")}
    assert newest == dict(Person.objects.filter(pk__in=newest).values_list("pk", "unit"))


@pytest.fixture
def applied(tmp_path) -> RosterImport:
    """An import of new people whose undoing was asked for."""
    agency = make_agency()
    file = write_csv(tmp_path, [line(number) for number in range(PEOPLE)])
    import_roster(file, agency=agency, options=Options(), by=None, at=AT)
    job = RosterImport.objects.get()
    jobs.undo(job, by=make_hr(WorkUnit.objects.get(agency=agency, depth=1), nip=None))
    return job


def test_an_import_is_undone_by_one_of_many_workers(applied):
    done = all_at_once(lambda _number: jobs.work_on(applied.pk, at=LATER), count=4)
    applied.refresh_from_db()
    assert (sorted(done), applied.state) == ([False, False, False, True], "undone")
    assert not Person.objects.filter(nip__gte=make_nip(0), nip__lte=make_nip(PEOPLE)).exists()


def test_a_roster_comes_while_the_last_one_is_undone(tmp_path, applied):
    """Whoever is first: either the new one stands on the old one, which stays, or it brings the people anew."""
    file = write_csv(tmp_path, [line(number, Golongan="IV/a") for number in range(PEOPLE)])

    def act(number: int) -> Outcome | bool:
        if number:
            return jobs.work_on(applied.pk, at=LATER)
        return import_roster(file, agency=applied.agency, options=Options(), by=None, at=LATER)

    outcome, _done = all_at_once(act, count=2)
    applied.refresh_from_db()
    assert isinstance(outcome, Outcome)
    assert (applied.state, outcome.new, outcome.changed) in [("applied", 0, PEOPLE), ("undone", PEOPLE, 0)]
    assert bool(applied.problem) == (applied.state == "applied")
    assert Person.objects.filter(grade="IV/a", unit__agency=applied.agency).count() == PEOPLE
    assert len(everything()[0]) == PEOPLE + 1
