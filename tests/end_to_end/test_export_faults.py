"""Workers killed while they write a large report: never a half file, and the next makes it whole (P1); memory is flat."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from academy import doorbell
from academy.notifications.models import Message
from academy.people.models import Person
from academy.reports.exports import jobs, making
from academy.reports.models import Export
from academy.reports.tasks import make_next_export
from tests.end_to_end.workers import Worker
from tests.factories import make_edition, make_hr, make_nip, make_unit
from tests.reports.exporting import ask, files
from tests.reports.world import Sheet, read_csv, read_json, read_xlsx

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
MANY, KILLS = 40_000, 3
WITHIN_SECONDS = 240
MOST_GROWTH_MB = 40


def nip_of(number: int) -> str:
    """Of another month than those of the factory, half of them women's."""
    return make_nip(number // 2, appointed="201501", sex=1 + number % 2)


@pytest.fixture
def officer() -> Person:
    """Of forty thousand officials in one unit."""
    unit = make_unit("Dinas Kesehatan")
    make_edition(lessons=1, questions=0)
    Person.objects.bulk_create(
        (Person(name=f"Maria Contoh {n}", nip=nip_of(n), unit=unit) for n in range(MANY)), batch_size=2000
    )
    return make_hr(unit)


def wait_for(export: Export, worker: Worker, arrived) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        export.refresh_from_db()
        if arrived():
            return
        time.sleep(0.01)
    pytest.fail(f"{export.written}, {export.last_error}\n{(worker.folder / 'worker.log').read_text()[-3000:]}")


def memory_mb(worker: Worker) -> float:
    assert worker.process is not None
    found: float = psutil.Process(worker.process.pid).memory_info().rss / 1024**2
    return found


def whole(paths: list[Path]) -> list[Path]:
    return [path for path in paths if not path.name.startswith(".")]


def drafts() -> list[Path]:
    """Files that a worker, dead or alive, has begun to fill."""
    return [path for path in files() if path.name.startswith(".") and path.stat().st_size]


@pytest.mark.parametrize(("word", "read"), [("csv", read_csv), ("xlsx", read_xlsx), ("json", read_json)])
def test_workers_killed_in_the_middle_leave_no_half_file_and_the_next_makes_it_whole(
    officer: Person, worker: Worker, word: str, read: Callable[[bytes], Sheet]
):
    export = ask(officer, at=timezone.now(), word=word)
    assert export.total == MANY + 1
    doorbell.ring(make_next_export)
    for _kill in range(KILLS):
        known = drafts()
        worker.start("long")
        wait_for(export, worker, lambda known=known: set(drafts()) - set(known))
        worker.kill()
        export.refresh_from_db()
        assert (export.state(at=timezone.now()), export.file_key) == (Export.State.RUNNING, "")
        assert export.written < MANY
        assert whole(files()) == []
        assert not jobs.work_on_next(clock=timezone.now), "the lease of the dead has not run out"
        Export.objects.filter(pk=export.pk).update(lease_until=timezone.now(), written=0)
        doorbell.ring(make_next_export)
    assert len(files()) >= 1, "drafts of the dead"
    worker.start("long")
    wait_for(export, worker, lambda: export.ready_at is not None)

    (path,) = whole(files())
    content = path.read_bytes()
    assert (path, len(content)) == (making.path_of(export.file_key), export.size)
    assert hashlib.sha256(content).hexdigest() == export.sha256
    sheet = read(content)
    assert export.rows == len(sheet.rows) == MANY + 1
    assert set(sheet.column("NIP")) == set(Person.objects.filter(unit=officer.unit).values_list("nip", flat=True))
    assert Message.objects.filter(person=officer).count() == 1


def test_memory_does_not_grow_with_the_number_of_lines(officer: Person, worker: Worker):
    export = ask(officer, at=timezone.now(), word="xlsx")
    worker.start("long")
    doorbell.ring(make_next_export)
    wait_for(export, worker, lambda: export.written > 0)
    early = peak = memory_mb(worker)

    def ready() -> bool:
        nonlocal peak
        peak = max(peak, memory_mb(worker))
        return export.ready_at is not None

    wait_for(export, worker, ready)
    assert export.rows == MANY + 1
    assert peak - early < MOST_GROWTH_MB, f"{early:.0f} MB at first, {peak:.0f} MB at most"
