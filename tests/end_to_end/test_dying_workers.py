"""`kill -9` between every two steps of certifying (P1, P2, P3): what is left behind is taken up, nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from django.utils import timezone

from academy.notifications.models import Message
from certificates import issuing
from certificates.models import Certificate
from tests.end_to_end.workers import PROJECT, database_url
from tests.factories import PersonFactory, make_completion, make_edition, make_unit

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
FEWEST_STEPS = 40  # fewer would mean that the steps are no longer seen


class Dying:
    """Orders to a process that has everything loaded, on the test's database and store."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {
            "DATA_DIR": str(folder), "DATABASE_URL": database_url(), "REDIS_URL": "", "EMAIL_URL": "dummymail://",
            "CELERY_BROKER_URL": "filesystem://", "DJANGO_SETTINGS_MODULE": "academy.settings",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.dying"], cwd=PROJECT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def certify(self, completion: int, *, step: int | None = None) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps({"completion": completion, "step": step}), file=self.process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        self.process.communicate(timeout=30)


@pytest.fixture
def dying(tmp_path: Path, settings: Any) -> Iterator[Dying]:
    settings.CERTIFICATES_ROOT = tmp_path / "certificates"
    worker = Dying(tmp_path)
    yield worker
    worker.close()


def test_a_worker_killed_at_any_step_leaves_nothing_lost_doubled_or_half(dying: Dying, settings: Any):
    edition, unit = make_edition(), make_unit()

    def completion() -> int:
        return make_completion(PersonFactory(unit=unit), edition=edition).pk

    dying.certify(completion())  # what is done once per process and folder (keys, fonts) is done
    whole = dying.certify(completion())
    assert whole["signal"] == 0
    assert whole["steps"] >= FEWEST_STEPS
    deaths = [dying.certify(completion(), step=step) for step in range(whole["steps"])]
    # On a busy machine a run may have a step or two fewer than the one that was counted; whoever lived had no such step.
    assert [step for step, death in enumerate(deaths) if death["signal"] != SIGKILL and death["steps"] > step] == []
    assert sum(death["signal"] == SIGKILL for death in deaths) >= FEWEST_STEPS
    total = whole["steps"] + 2
    unpublished = total - Certificate.objects.published().count()
    assert 0 < unpublished < total  # some died before their certificate was out, some after

    # Leases of the dead run out, then one sweep finds all of it.
    swept = issuing.sweep(at=timezone.now() + issuing.LEASE + timedelta(seconds=1), limit=total)

    assert (swept.published, swept.failed) == (unpublished, 0)
    certificates = list(Certificate.objects.select_related("file"))
    assert len({certificate.completion_id for certificate in certificates}) == len(certificates) == total
    assert sorted(certificate.sequence for certificate in certificates) == list(range(1, total + 1))
    assert Message.objects.count() == total
    store = Path(settings.CERTIFICATES_ROOT)
    for certificate in certificates:
        assert certificate.file is not None
        assert hashlib.sha256((store / certificate.file.key).read_bytes()).hexdigest() == certificate.file.sha256
    # A file without a row may stay behind, for its hash is its name; a half one never has a name.
    for path in store.glob("*/[0-9a-f]*.pdf"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
