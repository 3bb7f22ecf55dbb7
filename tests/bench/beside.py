"""What learners notice of a nation's export: their pages while a worker writes it, beside the same pages without it.

Readers open lessons and "my learning" at a steady pace that leaves the machine half idle, so that what they wait for is
the export and not each other. The worker runs in busy windows alone. Idle and busy windows alternate in one run, from when
a worker began to read; in one export more there are as many windows while lines are written. Web server and worker are
those of deploy/supervisord.conf. On a machine of two cores database, worker, web server and readers share those two.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.bench import load
from tests.bench.figures import Figure, at_most, told
from tests.end_to_end.stack import Stack

READERS = 4
EVERY_SECONDS = 0.1  # a page of each reader
PAIRS = {"": 5, "full": 5}
WINDOW_SECONDS = {"": 4.0, "full": 15.0}
BEGUN_WITHIN_SECONDS = 60.0
WRITTEN_WITHIN_SECONDS = 900.0
TIMES_IDLE = 1.5
LESSONS = 6
FORMATS = ("xlsx", "csv", "json")  # so many that none is ready and nothing left to make before a window ends


def measure(academy: Stack, *, database: str, size: str) -> list[Figure]:
    """`academy` holds a nation; nothing of it runs yet."""
    learners = academy.ask("make_readers", count=READERS)
    host = f"127.0.0.1:{academy.port}"
    queues = [
        [
            load.get(path, host=host, session=each["session"])
            for lesson in each["activities"]
            for path in (f"/belajar/{each['enrolment']}/{lesson}/", "/belajar/")
        ]
        for each in learners
    ]
    academy.start("web")
    try:
        academy.wait_until_ready("/healthz")
        _read(queues, academy.port, seconds=WINDOW_SECONDS[size])  # warms up
        pairs = [_pair(academy, queues, WINDOW_SECONDS[size]) for _number in range(PAIRS[size])]
        written = _while_written(academy, queues, WINDOW_SECONDS[size], PAIRS[size])
    finally:
        academy.stop()
    idle, busy = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    ratios = {
        "being read": (statistics.median(slow / quick for quick, slow in pairs), busy),
        "being written": (statistics.median(written) / idle, statistics.median(written)),
    }
    figures = []
    for what, (ratio, beside) in ratios.items():
        title = f"page.beside an export {what} ({database})"
        note = f"p95 {idle:.0f} ms idle, {beside:.0f} ms beside; {READERS / EVERY_SECONDS:.0f} pages/s, {len(pairs)} windows each"
        if database == "PostgreSQL":
            figures.append(at_most(title, ratio, "x p95 idle", TIMES_IDLE, note))
        else:
            figures.append(told(title, ratio, "x p95 idle", note))
    return figures


def _pair(academy: Stack, queues: Sequence[Sequence[bytes]], seconds: float) -> tuple[float, float]:
    """The 95th percentile of the pages in milliseconds: idle, and from when on a worker is at an export."""
    idle = _read(queues, academy.port, seconds=seconds)
    _begin(academy, "exports_at_work", BEGUN_WITHIN_SECONDS)
    busy = _read(queues, academy.port, seconds=seconds)
    assert academy.ask("exports_at_work"), "no worker was at it any more"
    _end(academy)
    return idle, busy


def _while_written(academy: Stack, queues: Sequence[Sequence[bytes]], seconds: float, windows: int) -> list[float]:
    """The same while lines are written: of a nation they come after minutes of reading and sorting."""
    begun = _begin(academy, "lines_written", WRITTEN_WITHIN_SECONDS)
    taken = [_read(queues, academy.port, seconds=seconds) for _number in range(windows)]
    assert academy.ask("lines_written") > begun, "the export stood still"
    _end(academy)
    return taken


def _begin(academy: Stack, sign: str, seconds: float) -> int:
    """Ask for the exports, and wait until `sign` tells that a worker is at them; what it told."""
    academy.start("worker-long")
    academy.ask("begin_export")
    deadline = time.monotonic() + seconds
    while not (at_work := int(academy.ask(sign))):
        assert time.monotonic() < deadline, f"no worker is at it\n{academy.end_of_logs()}"
        time.sleep(0.1)
    return at_work


def _end(academy: Stack) -> None:
    assert academy.ask("end_export"), "the export was ready before the window ended: make a larger nation"
    academy.stop("worker-long")  # at once gone with its connection, so that the next window is idle
    time.sleep(1)


def _read(queues: Sequence[Sequence[bytes]], port: int, *, seconds: float) -> float:
    over = threading.Event()
    with ThreadPoolExecutor(len(queues)) as pool:
        readers = [pool.submit(load.steady, queue, port=port, every=EVERY_SECONDS, over=over) for queue in queues]
        time.sleep(seconds)
        over.set()
        taken = [each for reader in readers for each in reader.result()]
    return statistics.quantiles(taken, n=100)[94] * 1000


# In the academy's process


def make_readers(*, count: int) -> list[dict[str, Any]]:
    """Signed-in learners of a course with lessons: session, enrolment and activities."""
    from django.utils import timezone

    from academy.people.models import Person, WorkUnit
    from courses.enrolment import enrol
    from courses.models import Course
    from tests.end_to_end.inside import make_sessions
    from tests.factories import make_edition

    edition = make_edition(Course.objects.get(key="contoh-2"), lessons=LESSONS, questions=0, major=2, sequential=False)
    activities = [str(key) for key in edition.activities.order_by("position").values_list("activity", flat=True)]
    unit = WorkUnit.objects.earliest("pk")
    people = [
        Person.objects.create(name=f"Pembaca {number}", email=f"baca{number}@nation.test", unit=unit)
        for number in range(count)
    ]
    sessions = make_sessions(people=[person.pk for person in people])
    return [
        {
            "session": session,
            "enrolment": enrol(person, edition.course, at=timezone.now()).pk,
            "activities": activities,
        }
        for person, session in zip(people, sessions, strict=True)
    ]


def begin_export() -> None:
    """All participants of the nation in three formats, one after the other, asked for by whoever answers for all."""
    from django.utils import timezone

    from academy.people.models import Person
    from academy.reports.exports import jobs
    from academy.reports.registry import REPORTS, read_question
    from academy.reports.scope import scope_of

    officer, at = Person.objects.get(email="nation@nation.test"), timezone.now()
    scope = scope_of(officer, at=at)
    assert scope
    report = REPORTS["peserta"]
    question, problems = read_question({"tahun": "2026"}, report.choices, scope=scope, at=at)
    assert not problems, problems
    for word in FORMATS:
        jobs.start(report, question, word, by=officer, total=None, at=at)


def exports_at_work() -> int:
    from academy.reports.models import Export

    return Export.objects.owed().filter(claim__isnull=False).count()


def lines_written() -> int:
    from academy.reports.models import Export

    exports = Export.objects.order_by("-pk")[: len(FORMATS)]
    assert not [export.last_error for export in exports if export.failed_at]
    return sum(max(export.written, export.rows) for export in exports)


def end_export() -> bool:
    """Cancel what is not made yet and delete the rest; whether something was still to make."""
    from django.utils import timezone

    from academy.reports.exports import jobs
    from academy.reports.models import Export

    exports = list(Export.objects.order_by("-pk")[: len(FORMATS)])
    for export in exports:
        jobs.discard(export, at=timezone.now())
    return any(export.cancelled_at for export in exports)
