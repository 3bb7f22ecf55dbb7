"""A nation of learners, for measuring: as many people, units and enrolments as wanted, skewed as real ones are.

Agencies are large and many are small, most people take the same few courses, the years grow, and enrolments lie in the
table in the order of time, so that those of one agency are scattered over all of it. Everything follows from the seed.
Nobody of it can sign in but the HR officer of the largest agency. No certificate stands behind it, and no activity behind its
progress.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from academy.people.models import Agency, Organiser, Person, Placement, Role, WorkUnit
from academy.people.roster import upserting
from courses.models import Completion, Course, Edition, Enrolment, LearnerYear, Run

AGENCIES = 640
LARGEST_SHARE = 0.06  # of all learners, in the largest agency
SMALLEST = 4
COURSES = 60
YEARS = (2024, 2025, 2026)
YEAR_WEIGHTS = (0.2, 0.3, 0.5)
FINISHED, BEGUN, LEFT = 0.6, 0.25, 0.03  # of the enrolments; the rest never began
CERTIFIED = 0.95  # of the finished ones
RUNS_A_YEAR, RUN_WEIGHTS = 3, (0.9, 0.06, 0.04)  # self-paced, and two dated ones
LAST_DAY = 365 * len(YEARS) - 30  # nothing is finished later, in days from BEGAN
PORTION = 100_000
GIVEN = (
    "Maria",
    "Yohanes",
    "Siti",
    "Agus",
    "Ni Luh",
    "Markus",
    "Dewi",
    "Petrus",
    "Rambu",
    "Umbu",
    "Yosefina",
    "Ferdinand",
)
FAMILY = ("Bere", "Tefa", "Rambu Ana", "Ndolu", "Wulandari", "Lopo", "Seran", "Hale", "Talan", "Bria", "Manek", "Kolo")
BEGAN = datetime(YEARS[0], 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Nation:
    """`officer` is HR of the largest agency."""

    agencies: int
    units: int
    learners: int
    enrolments: int
    officer: Person


@dataclass(frozen=True)
class _Units:
    """Keys of the units, and for each how many people work there, in the order of the agencies."""

    keys: list[int]
    agency_of: list[int]
    people: list[int]
    roots: list[int]


@transaction.atomic
def make_nation(*, learners: int, per_learner: int = 6, seed: int = 2026, tell: Callable[[str], Any] = print) -> Nation:
    """Write the rows by sets; ValueError in a database that has people already."""
    import numpy as np

    if Person.objects.exists():
        raise ValueError("There are people in this database already; a nation is made in an empty one.")
    dice = np.random.default_rng(seed)
    with _checked_at_the_end(WorkUnit, Person, Placement, Enrolment, Completion, LearnerYear):
        units = _plant(learners, dice)
        tell(f"{len(units.roots)} agencies, {len(units.keys)} units")
        unit_of = np.repeat(np.arange(len(units.keys)), units.people)
        people = _settle(units, unit_of)
        _place()
        tell(f"{len(people)} people")
        count = _enrol(units, unit_of, people, _offer(units), per_learner, dice)
        _complete()
        tell(f"{count} enrolments")
    officer = Person.objects.create(
        name="Hesti Pengelola", email="hr@nation.test", unit_id=units.roots[0], nip="199001012015012001"
    )
    Placement.objects.create(person=officer, unit_id=units.roots[0], from_on=BEGAN.date())
    Role.objects.create(person=officer, kind=Role.Kind.HR, unit_id=units.roots[0], from_at=BEGAN)
    return Nation(len(units.roots), len(units.keys), len(people), count, officer)


@contextmanager
def _checked_at_the_end(*tables: type[Model]) -> Iterator[None]:
    """Foreign keys of these tables are made anew afterwards: PostgreSQL checks a new one in one pass, but every row by itself
    that was written under one.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid = ANY (%s::regclass[]) ORDER BY 1, 2",
            [[table._meta.db_table for table in tables]],
        )
        keys = cursor.fetchall()
        for table, name, _definition in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        yield
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def tidy() -> None:
    """As a server does by itself after a while; outside of any transaction."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _plant(learners: int, dice: Any) -> _Units:
    """Agencies of sizes by rank to the power of -0.75, each with 30 to 100 units on three levels, the largest with more."""
    sizes, count = [], min(AGENCIES, max(1, learners // 20))
    for rank in range(1, count + 1):
        sizes.append(max(SMALLEST, round(learners * LARGEST_SHARE * rank**-0.75)))
    sizes[-1] += max(0, learners - sum(sizes))  # what is left over
    codes = [f"9{rank:04d}" for rank in range(1, count + 1)]
    Agency.objects.bulk_create(
        Agency(code=code, kind=Agency.Kind.REGENCY, name=f"Pemerintah Kabupaten Contoh {code}") for code in codes
    )
    agencies = dict(Agency.objects.filter(code__in=codes).values_list("code", "pk"))
    rows: list[dict[str, Any]] = []
    people, roots = [], []
    first = WorkUnit.objects.filter(depth=1).count() + 1
    for place, (code, size) in enumerate(zip(codes, sizes, strict=True)):
        own = _tree(_path("", first + place), int(dice.integers(30, 100)), agencies[code], code)
        roots.append(len(rows))
        rows += own
        shares = dice.dirichlet([0.7] * len(own)) * size
        whole = [int(share) for share in shares]
        whole[0] += size - sum(whole)
        people += whole
    keys = upserting.allot_keys(WorkUnit, len(rows))
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    upserting.insert(WorkUnit, columns | {"id": keys, "closed_on": None, "merged_into_id": None})
    return _Units(keys, columns["agency_id"], people, [keys[place] for place in roots])


def _path(parent: str, number: int) -> str:
    step: str = WorkUnit._int2str(number).rjust(WorkUnit.steplen, "0")
    return parent + step


def _tree(root: str, count: int, agency: int, code: str) -> list[dict[str, Any]]:
    """A root, departments below it, and five sections below each."""
    rows: list[dict[str, Any]] = [
        {"path": root, "depth": 1, "numchild": 0, "name": f"Pemerintah Kabupaten Contoh {code}"}
    ]
    while len(rows) < count:
        rows[0]["numchild"] += 1
        department = _path(root, rows[0]["numchild"])
        sections = min(5, count - len(rows) - 1)
        rows.append({"path": department, "depth": 2, "numchild": sections, "name": f"Dinas {rows[0]['numchild']}"})
        for number in range(1, sections + 1):
            name = f"Bidang {rows[0]['numchild']}.{number}"
            rows.append({"path": _path(department, number), "depth": 3, "numchild": 0, "name": name})
    return [row | {"agency_id": agency} for row in rows]


def _settle(units: _Units, unit_of: Any) -> Any:
    """People with made-up numbers, every fifth a PPPK and every hundredth inactive."""
    import numpy as np

    keys = upserting.allot_keys(Person, len(unit_of))
    born = [f"{date(1966, 1, 1) + timedelta(days=day):%Y%m%d}" for day in range(12_000)]
    unit_keys = np.array(units.keys)[unit_of]
    shared: dict[str, Any] = {
        "title_before": "",
        "title_after": "",
        "grade": "III/a",
        "position": "Pranata Komputer",
        "email": None,
    }
    shared |= {"password": "!", "last_login": None, "joined_at": BEGAN}
    shared |= {"is_superuser": False, "is_staff": False}
    for start in range(0, len(keys), PORTION):
        numbers = range(start, min(start + PORTION, len(keys)))
        columns = {
            "id": keys[start : start + PORTION],
            "nip": [f"{born[n % 12_000]}2010011{n // 12_000 + 1:03d}" for n in numbers],
            "name": [f"{GIVEN[n % 12]} {FAMILY[n // 12 % 12]} {n}" for n in numbers],
            "kind": ["pppk" if n % 5 == 3 else "pns" for n in numbers],
            "is_active": [n % 100 != 99 for n in numbers],
            "unit_id": unit_keys[start : start + PORTION].tolist(),
        }
        upserting.insert(Person, columns | shared)
    return np.array(keys)


@dataclass(frozen=True)
class _Offer:
    """Keys: of the courses, of their editions, and of their runs by course, year and number; and hours by course."""

    courses: list[int]
    editions: list[int]
    hours: list[int]
    runs: list[int]


def _offer(units: _Units) -> _Offer:
    """Every course has a self-paced run and two dated ones a year."""
    unit = WorkUnit.objects.get(pk=units.roots[0])
    organiser = Organiser.objects.create(unit=unit, code="CONTOH", name="Badan Diklat Contoh")
    offer = _Offer([], [], [], [])
    for number in range(1, COURSES + 1):
        course = Course.objects.create(
            key=f"contoh-{number}", code=f"C{number:02d}", title=f"Pelatihan Contoh {number}",
            organiser=organiser, credit_hours=2 + number % 7,
        )  # fmt: skip
        edition = Edition.objects.create(
            course=course, major=1, minor=0, title=course.title, credit_hours=course.credit_hours, pass_mark=70,
            sequential=True, published_at=BEGAN,
        )  # fmt: skip
        runs = Run.objects.bulk_create(
            Run(course=course, year=year, number=which, opens_on=date(year, 1, 1), closes_on=date(year, 12, 31))
            for year in YEARS
            for which in (None, 1, 2)
        )
        offer.courses.append(course.pk)
        offer.editions.append(edition.pk)
        offer.hours.append(course.credit_hours)
        offer.runs.extend(run.pk for run in runs)
    return offer


def _enrol(units: _Units, unit_of: Any, people: Any, offer: _Offer, per_learner: int, dice: Any) -> int:
    """Enrolments in the order of time, each person once in a run, with what their completions say."""
    import numpy as np

    either: Any = np.where  # of two; its types do not know lists of objects
    size = len(people) * per_learner
    weights = np.arange(1, COURSES + 1) ** -0.8
    person = np.tile(np.arange(len(people), dtype=np.int32), per_learner)
    course = dice.choice(COURSES, size=size, p=weights / weights.sum())
    year = dice.choice(len(YEARS), size=size, p=YEAR_WEIGHTS)
    run = (course * len(YEARS) + year) * RUNS_A_YEAR + dice.choice(RUNS_A_YEAR, size=size, p=RUN_WEIGHTS)
    once = np.unique(person.astype(np.int64) * len(offer.runs) + run, return_index=True)[1]
    day = year[once] * 365 + dice.integers(0, 300, size=len(once))
    in_time = np.lexsort((dice.random(len(once)), day))  # within a day in no order: neither of people nor of agencies
    rows, day = once[in_time], day[in_time]
    fate = dice.random(len(rows))
    done_on = day + dice.integers(1, 60, size=len(rows))
    finished = (fate < FINISHED) & (done_on < LAST_DAY)
    certified = finished & (dice.random(len(rows)) < CERTIFIED)
    score = dice.integers(7000, 10001, size=len(rows)) / 100
    unit_keys, agencies = np.array(units.keys)[unit_of], np.array(units.agency_of)[unit_of]
    hours = np.array(offer.hours)
    moments = np.array([BEGAN + timedelta(days=number) for number in range(LAST_DAY + 60)], dtype=object)
    for start in range(0, len(rows), PORTION):
        part = slice(start, start + PORTION)
        who, what, began, ended, is_done = (
            person[rows[part]],
            course[rows[part]],
            day[part],
            done_on[part],
            finished[part],
        )
        credit = either(is_done, hours[what], None).tolist()
        completed_at = either(is_done, moments[ended], None).tolist()
        columns = {
            "person_id": people[who].tolist(),
            "run_id": [offer.runs[number] for number in run[rows[part]].tolist()],
            "course_id": [offer.courses[number] for number in what.tolist()],
            "edition_id": [offer.editions[number] for number in what.tolist()],
            "unit_id": unit_keys[who].tolist(),
            "agency_id": agencies[who].tolist(),
            "enrolled_at": moments[began].tolist(),
            "started_at": either(fate[part] < FINISHED + BEGUN, moments[began], None).tolist(),
            "withdrawn_at": either(fate[part] >= 1 - LEFT, moments[ended], None).tolist(),
            "completed_at": completed_at,
            "completed_on": [moment and moment.date() for moment in completed_at],
            "earned_unit_id": either(is_done, unit_keys[who], None).tolist(),
            "score": either(is_done, score[part], None).tolist(),
            "credit_hours": credit,
            "counted_hours": credit,
            "certified_at": either(certified[part], moments[ended], None).tolist(),
        }
        upserting.insert(Enrolment, columns | {"due_on": None})
    return len(rows)


def _place() -> None:
    """Everybody where they are, from the beginning on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_placement (person_id, unit_id, from_on)"
            " SELECT id, unit_id, %s FROM people_person ORDER BY id",
            [BEGAN.date()],
        )


def _complete() -> None:
    """What follows from the enrolments, each in one statement: progress, completions, hours that count, hours of a year."""
    year = "CAST(strftime('%Y', completed_on) AS integer)" if connection.vendor == "sqlite" else "EXTRACT(YEAR FROM completed_on)"  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO courses_enrolmentprogress (enrolment_id, percent, last_active_at)
            SELECT id, CASE WHEN completed_on IS NULL THEN id % 100 ELSE 100 END, COALESCE(completed_at, started_at)
            FROM courses_enrolment WHERE started_at IS NOT NULL ORDER BY id""")
        cursor.execute("""
            INSERT INTO courses_completion (enrolment_id, outcome, person_id, course_id, edition_id, unit_id, agency_id,
                                            score, credit_hours, completed_at, completed_on)
            SELECT id, 'passed', person_id, course_id, edition_id, earned_unit_id, agency_id,
                   score, credit_hours, completed_at, completed_on
            FROM courses_enrolment WHERE completed_on IS NOT NULL ORDER BY id""")
        cursor.execute(f"""
            UPDATE courses_enrolment SET counted_hours = 0 WHERE id IN (
                SELECT id FROM (
                    SELECT id, ROW_NUMBER() OVER (
                        PARTITION BY person_id, course_id, {year} ORDER BY credit_hours DESC, id DESC
                    ) AS place FROM courses_enrolment WHERE completed_on IS NOT NULL
                ) AS ranked WHERE place > 1
            )""")  # noqa: S608  ours
        cursor.execute(f"""
            INSERT INTO courses_learneryear (person_id, year, unit_id, agency_id, credit_hours)
            SELECT person_id, {year}, unit_id, agency_id, SUM(counted_hours) FROM courses_enrolment
            WHERE completed_on IS NOT NULL GROUP BY 1, 2, 3, 4""")  # noqa: S608  ours
