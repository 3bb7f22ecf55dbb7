"""An agency of any size, made by sets, with enough of everything that HR and operators list to fill a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from academy.people import units
from academy.people.models import (
    AccessLog,
    Agency,
    ChangeLog,
    Person,
    Placement,
    Role,
    RosterImport,
    Transfer,
    WorkUnit,
)
from academy.people.roster import upserting
from courses.models import Assignment, Edition, Enrolment, Run
from tests.factories import AT, LONG_AGO, AgencyFactory, make_hr

DEPARTMENTS = 60
LISTED = 120  # rows of every other list: more than two pages of them
NAMES = ("Maria", "Yohanes", "Siti", "Agus", "Ni Luh", "Markus", "Dewi", "Petrus", "Rambu", "Umbu")


@dataclass
class Crowd:
    """`wide` has very many units directly below it, `leaf` lies four levels deep; `person` works in the leaf."""

    agency: Agency
    root: WorkUnit
    wide: WorkUnit
    department: WorkUnit
    leaf: WorkUnit
    officer: Person
    person: Person
    transfer: Transfer
    assignment: Assignment


def make_crowd(*, edition: Edition, wide: int, deep: int, people: int, enrolled: int) -> Crowd:
    """`wide` units below the first department, `deep` below the others, `people` evenly over all of them."""
    agency = AgencyFactory()
    root = units.ensure_root(agency)
    keys = _plant(root, wide=wide, deep=deep)
    persons = _settle(keys, people)
    _enrol(edition, agency, keys, persons[:enrolled])
    at_path = dict(WorkUnit.objects.filter(agency=agency).values_list("path", "pk"))
    leaf_path = max(path for path in at_path if len(path) == 4 * WorkUnit.steplen)
    root, wide_unit, department, leaf = (
        WorkUnit.objects.get(pk=at_path[path])
        for path in (root.path, _path(root.path, 1), leaf_path[: 2 * WorkUnit.steplen], leaf_path)
    )
    officer = make_hr(root, name="Hesti Pengelola")
    transfers, assignments = _fill_lists(officer, root, edition, persons)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as a server does by itself after a while
    person = leaf.people.filter(is_active=True)[0]
    Placement.objects.create(person=person, unit=leaf, from_on=date(2020, 1, 1))
    return Crowd(
        agency=agency,
        root=root,
        wide=wide_unit,
        department=department,
        leaf=leaf,
        officer=officer,
        person=person,
        transfer=transfers[0],
        assignment=assignments[0],
    )


def _path(parent: str, number: int) -> str:
    step: str = WorkUnit._int2str(number).rjust(WorkUnit.steplen, "0")
    return parent + step


def _below(root: str, wide: int, deep: int) -> Iterator[str]:
    """The paths: departments, those right below the first, and for the others branches of ten units."""
    yield from (_path(root, number) for number in range(1, DEPARTMENTS + 1))
    yield from (_path(_path(root, 1), number) for number in range(1, wide + 1))
    for number in range(deep):
        branch, unit = divmod(number, 10)
        division, department = divmod(branch, DEPARTMENTS - 1)
        above = _path(_path(root, department + 2), division + 1)
        yield _path(above, unit) if unit else above


def _plant(root: WorkUnit, *, wide: int, deep: int) -> list[int]:
    paths = list(_below(root.path, wide, deep))
    children: dict[str, int] = dict.fromkeys([root.path, *paths], 0)
    for path in paths:
        children[path[: -WorkUnit.steplen]] += 1
    keys = upserting.allot_keys(WorkUnit, len(paths))
    columns = {
        "id": keys,
        "path": paths,
        "depth": [len(path) // WorkUnit.steplen for path in paths],
        "numchild": [children[path] for path in paths],
        "name": [
            f"{('Dinas', 'Bidang', 'Seksi')[len(path) // WorkUnit.steplen - 2]} {n}" for n, path in enumerate(paths)
        ],
    }
    upserting.insert(WorkUnit, columns | {"agency_id": root.agency_id, "closed_on": None, "merged_into_id": None})
    WorkUnit.objects.filter(pk=root.pk).update(numchild=children[root.path])
    return keys


def _settle(unit_keys: list[int], count: int) -> list[int]:
    """People, every hundredth inactive. Their numbers are made up from the keys."""
    keys = upserting.allot_keys(Person, count)
    where = [unit_keys[number % len(unit_keys)] for number in range(count)]
    born = date(1965, 1, 1)
    columns: dict[str, Any] = {
        "id": keys,
        "nip": [f"{born + timedelta(days=key % 12000):%Y%m%d}2015011{key // 12000:03d}" for key in keys],
        "name": [f"{NAMES[number % 10]} {NAMES[number // 10 % 10]} {number}" for number in range(count)],
        "is_active": [number % 100 != 99 for number in range(count)],
        "unit_id": where,
    }
    columns |= {"title_before": "", "title_after": "S.Kom.", "grade": "III/a", "position": "Pranata Komputer"}
    columns |= {"kind": "pns", "password": "!", "email": None, "last_login": None, "joined_at": AT}
    upserting.insert(Person, columns | {"is_superuser": False, "is_staff": False})
    return keys


def _enrol(edition: Edition, agency: Agency, unit_keys: list[int], persons: list[int]) -> None:
    run, _created = Run.objects.get_or_create(
        course=edition.course, year=2026, defaults={"opens_on": date(2026, 1, 1), "closes_on": date(2026, 12, 31)}
    )
    Enrolment.objects.bulk_create(
        [
            Enrolment(
                person_id=person,
                run=run,
                course=edition.course,
                edition=edition,
                unit_id=unit_keys[number % len(unit_keys)],
                agency=agency,
                enrolled_at=AT,
                started_at=AT if number % 2 else None,
            )
            for number, person in enumerate(persons)
        ]
    )


def _fill_lists(
    officer: Person, root: WorkUnit, edition: Edition, persons: list[int]
) -> tuple[list[Transfer], list[Assignment]]:
    """Roles, imports, logs, assignments, and people on their way out of and into the agency."""
    some, agency = persons[:LISTED], root.agency
    Role.objects.bulk_create(
        [
            Role(person_id=one, kind="hr", unit=root, from_at=LONG_AGO, until_at=until, granted_by=officer)
            for one in some
            for until in (None, AT)
        ]
    )
    RosterImport.objects.bulk_create(
        [
            RosterImport(agency=agency, by=officer, at=AT, file_name="a.csv", sha256="", kind=kind)
            for _one in some
            for kind in RosterImport.Kind
        ]
    )
    ChangeLog.objects.bulk_create(
        [ChangeLog(at=AT, actor=officer, action="corrected", unit=root, subject_id=one) for one in some]
    )
    AccessLog.objects.bulk_create(
        [AccessLog(at=AT, person=officer, action="person_page", scope=root.name, subject_id=one) for one in some]
    )
    assignments = Assignment.objects.bulk_create(
        [Assignment(course=edition.course, due_on=AT.date(), unit=root, by=officer, at=AT) for _one in some]
    )
    elsewhere = AgencyFactory()
    foreign = units.ensure_root(elsewhere)
    arriving = _settle([foreign.pk], LISTED)
    leaving = [
        Transfer(person_id=one, from_unit=root, to_agency=elsewhere, released_at=AT, released_by=officer)
        for one in some
    ]
    coming = [Transfer(person_id=one, from_unit=foreign, to_agency=agency, released_at=AT) for one in arriving]
    return Transfer.objects.bulk_create([*coming, *leaving])[: len(coming)], assignments
