"""What reporting costs those who learn: 16 writers finish one hot course, with all that reports add and without it.

Two PostgreSQL databases hold the same nation and the same hot course; each window has the same number of learners do two
lessons through `courses.progress.complete_lesson`, the second of which finishes the course: real transactions of processes
with a connection each. Windows of both databases alternate.

"Without" leaves out the covering indexes of reports, the row of the credit hours of a year (`credit_hours.count`), and the
side row of progress (`keeping_progress.keep`): the indexes are dropped there, the two calls do nothing in its processes.
Nothing else differs. The columns that an enrolment repeats of its completion are written in both, and no index stands
in for those dropped, though keys of that kind would have one without reports: so "without" is rather too quick. Figures of
whole agencies are not written by learners at all (reports.rollup counts in turns), so neither side has anything of them.

`python -m tests.bench.writing [without]` is the mother of the writers: it reads a line of JSON for each window and forks.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.bench.figures import Figure, at_least, told
from tests.end_to_end.stack import PROJECT, Stack

WRITERS = 16
WINDOWS = {"": 5, "full": 11}
EACH = {"": 25, "full": 60}  # learners of a writer in a window
LEARNERS = {"": 20_000, "full": 100_000}  # of the nation that is there before, with six enrolments each
SHARE = 0.8
LESSONS = 2
OF_REPORTS = ("enrolment_of_unit", "enrolment_earned_in_unit", "learner_year_of_unit")


def measure(academies: Sequence[Stack], *, size: str) -> list[Figure]:
    """Both have an empty database; the second one is measured without."""
    full, bare = academies
    for academy in academies:
        academy.ask("prepare_writing", learners=LEARNERS[size], with_reports=academy is full)
    rates: dict[str, list[float]] = {"with": [], "without": []}
    with _mother(full) as of_full, _mother(bare, "without") as of_bare:
        sides = [("with", full, of_full), ("without", bare, of_bare)]
        for number in range(WINDOWS[size] + 1):
            for name, academy, mother in sides if number % 2 else reversed(sides):
                rate = _window(academy, mother, f"{name}{number}-", each=EACH[size])
                if number:  # the first one warms up
                    rates[name].append(rate)
    ratios = [one / other for one, other in zip(rates["with"], rates["without"], strict=True)]
    pairs = f"median of {len(ratios)} pairs of windows ({min(ratios):.2f} to {max(ratios):.2f})"
    note = f"{pairs}, {WRITERS} writers, {WRITERS * EACH[size]} learners each"
    return [
        told(f"write.completions {name}", statistics.median(found), "courses/s", _spread(found))
        for name, found in rates.items()
    ] + [at_least("write.completions with reports", statistics.median(ratios), "x without", SHARE, note)]


def _spread(found: Sequence[float]) -> str:
    return f"{min(found):.0f} to {max(found):.0f}"


@contextmanager
def _mother(academy: Stack, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with academy.log_of("writing").open("ab") as errors:
        mother = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.writing", *arguments],
            cwd=PROJECT,
            env=academy.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        yield mother
    finally:
        mother.communicate(timeout=60)


def _window(academy: Stack, mother: subprocess.Popen[str], prefix: str, *, each: int) -> float:
    """Courses finished a second."""
    assert mother.stdin
    assert mother.stdout
    before = academy.ask("written")
    enrolments = academy.ask("make_writers_learners", prefix=prefix, count=WRITERS * each)
    mother.stdin.write(json.dumps([enrolments[place::WRITERS] for place in range(WRITERS)]) + "\n")
    mother.stdin.flush()
    line = mother.stdout.readline()
    assert line, f"the writers ended\n{academy.end_of_logs()}"
    after = academy.ask("written")
    made = {name: after[name] - before[name] for name in after}
    of_reports = len(enrolments) if academy.ask("has_reports") else 0
    assert made == {"completions": len(enrolments), "progress": of_reports, "years": of_reports}, made
    return len(enrolments) / float(line)


# In the academy's process


def prepare_writing(*, learners: int, with_reports: bool) -> None:
    """A nation, and an edition of its most taken course that can be learned in."""
    from django.db import connection

    from academy.demo.nation import make_nation, tidy
    from courses.models import Course
    from tests.factories import make_edition

    make_nation(learners=learners, tell=lambda _text: None)
    make_edition(Course.objects.get(key="contoh-1"), lessons=LESSONS, questions=0, major=2)
    if not with_reports:
        with connection.cursor() as cursor:
            for name in OF_REPORTS:
                cursor.execute(f"DROP INDEX {name}")
    tidy()


def has_reports() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_indexes WHERE indexname = ANY(%s)", [list(OF_REPORTS)])
        found: int = cursor.fetchone()[0]
    assert found in {0, len(OF_REPORTS)}, found
    return found > 0


def make_writers_learners(*, prefix: str, count: int) -> list[int]:
    """Enrolments of as many new people of all units in one run of the hot course."""
    from django.utils import timezone

    from academy.people.models import Person, WorkUnit
    from courses.models import Edition, Enrolment, Run

    edition = Edition.objects.get(course__key="contoh-1", major=2)
    run = Run.objects.filter(course=edition.course_id, number=None).latest("year")
    units = list(WorkUnit.objects.order_by("pk").values_list("pk", "agency"))
    places = [units[number * 97 % len(units)] for number in range(count)]
    people = Person.objects.bulk_create(
        Person(name=f"{prefix}{number}", email=f"{prefix}{number}@tulis.test", password="!", unit_id=unit)
        for number, (unit, _agency) in enumerate(places)
    )
    rows = Enrolment.objects.bulk_create(
        Enrolment(
            person=person,
            run=run,
            course_id=edition.course_id,
            edition=edition,
            unit_id=unit,
            agency_id=agency,
            enrolled_at=timezone.now(),
        )
        for person, (unit, agency) in zip(people, places, strict=True)
    )
    return [row.pk for row in rows]


def written() -> dict[str, int]:
    from courses.models import Completion, EnrolmentProgress, LearnerYear

    models: dict[str, Any] = {"completions": Completion, "progress": EnrolmentProgress, "years": LearnerYear}
    return {name: model._default_manager.count() for name, model in models.items()}


# The mother of the writers, which never opens a connection itself


def main() -> None:
    import django

    django.setup()
    from courses import credit_hours, keeping_progress

    if sys.argv[1:] == ["without"]:
        for module, name in ((credit_hours, "count"), (keeping_progress, "keep")):
            setattr(module, name, lambda *_arguments, **_keywords: None)
    fork = multiprocessing.get_context("fork")
    for line in sys.stdin:
        queues = json.loads(line)
        barrier = fork.Barrier(len(queues) + 1)
        writers = [fork.Process(target=_write, args=(queue, barrier)) for queue in queues]
        for writer in writers:
            writer.start()
        barrier.wait(timeout=120)
        began = time.perf_counter()
        for writer in writers:
            writer.join()
        taken = time.perf_counter() - began
        if any(writer.exitcode for writer in writers):
            sys.exit("a writer failed")
        sys.stdout.write(f"{taken}\n")
        sys.stdout.flush()


def _write(enrolments: list[int], barrier: Any) -> None:
    from django.utils import timezone

    from courses.models import Enrolment
    from courses.outline import outline_of
    from courses.progress import complete_lesson

    rows = list(Enrolment.objects.filter(pk__in=enrolments).order_by("pk"))
    outline = outline_of(rows[0].edition_id)
    barrier.wait(timeout=120)
    for row in rows:
        for activity in outline.activities:
            complete_lesson(row, activity, at=timezone.now())


if __name__ == "__main__":
    main()
