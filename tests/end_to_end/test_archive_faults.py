"""Workers killed while they gather certificates: whole parts stay, nothing is there twice or half (P1); memory is flat."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest
from django.utils import timezone

from academy import doorbell
from certificates.archives import jobs
from certificates.models import CertificateArchive, CertificateFile
from certificates.tasks import work_on_owed_archives
from tests.certificates.gathering import certificates_in, choice_of, exported, index_of, make_very_many, zips
from tests.end_to_end.workers import Worker
from tests.factories import make_edition, make_hr, make_unit

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
MANY, KILLS = 1000, 4
SIZE = 90_000  # of a certificate
WITHIN_SECONDS = 240
MOST_GROWTH_MB = 40


@pytest.fixture
def archive() -> CertificateArchive:
    """A thousand certificates of real size, asked for."""
    unit = make_unit("Dinas Kesehatan")
    make_very_many(MANY, unit=unit, edition=make_edition(), size=SIZE)
    return jobs.start(choice_of(unit), by=make_hr(unit), at=timezone.now())


def wait_for(archive: CertificateArchive, worker: Worker, arrived) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        archive.refresh_from_db()
        if arrived():
            return
        time.sleep(0.01)
    pytest.fail(
        f"{archive.state}, {archive.done}, {archive.last_error}\n{(worker.folder / 'worker.log').read_text()[-3000:]}"
    )


def memory_mb(worker: Worker) -> float:
    assert worker.process is not None
    found: float = psutil.Process(worker.process.pid).memory_info().rss / 1024**2
    return found


def test_workers_killed_in_the_middle_leave_whole_parts_and_the_next_goes_on(archive, worker: Worker, settings):
    doorbell.ring(work_on_owed_archives)
    for kill in range(1, KILLS + 1):
        worker.start("long")
        at_least = kill * 150  # in the middle of a part
        wait_for(archive, worker, lambda at_least=at_least: archive.done >= at_least)
        worker.kill()
        for file in zips(archive):  # whole, whatever the worker was doing
            file.close()
        archive.refresh_from_db()
        assert (archive.state, archive.lease_until is not None) == (CertificateArchive.State.WAITING, True)
        assert jobs.sweep(clock=timezone.now) == 0, "the lease of the dead has not run out"
        CertificateArchive.objects.filter(pk=archive.pk).update(lease_until=timezone.now(), tries=0)
        doorbell.ring(work_on_owed_archives)
    whole_before = dict(archive.parts.values_list("number", "file_name"))
    assert len(whole_before) >= 2
    worker.start("long")
    wait_for(archive, worker, lambda: archive.state == CertificateArchive.State.READY)

    assert dict(archive.parts.filter(number__in=whole_before).values_list("number", "file_name")) == whole_before
    files = zips(archive)
    lines = [line for file in files for line in index_of(file)]
    held = [name for file in files for name in certificates_in(file)]
    assert len(held) == len(set(held)) == len(lines) == MANY
    assert {line["Sidik SHA-256"] for line in lines} == set(CertificateFile.objects.values_list("sha256", flat=True))
    assert [len(certificates_in(file)) for file in files] == [200] * 5
    drafts = [path for path in exported() if path.name.startswith(".")]
    assert {path.name for path in exported()} - {path.name for path in drafts} == {
        part.file_name for part in archive.parts.all()
    }
    assert all(".part" in path.name for path in drafts)


def test_memory_does_not_grow_with_the_number_of_certificates(archive, worker: Worker):
    worker.start("long")
    doorbell.ring(work_on_owed_archives)
    wait_for(archive, worker, lambda: archive.done >= 100)
    early = peak = memory_mb(worker)

    def ready() -> bool:
        nonlocal peak
        peak = max(peak, memory_mb(worker))
        return bool(archive.state == CertificateArchive.State.READY)

    wait_for(archive, worker, ready)
    total_mb = sum(Path(path).stat().st_size for path in exported()) / 1024**2
    assert total_mb > 80
    assert peak - early < MOST_GROWTH_MB, f"{early:.0f} MB after a hundred certificates, {peak:.0f} MB at most"
