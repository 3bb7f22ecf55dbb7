"""One running academy for all end-to-end tests of a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.end_to_end.browsing import chromium
from tests.end_to_end.pages import Spot, every_kind_of_page
from tests.end_to_end.stack import Stack, running_academy
from tests.end_to_end.workers import Worker, own_worker

COMMANDS = (("load_agencies",), ("load_site",), ("load_curriculum",))


@pytest.fixture(scope="session")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web server, workers and clock on an empty academy with the curriculum; no demo people."""
    with running_academy(tmp_path_factory.mktemp("academy"), commands=COMMANDS) as stack:
        yield stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: while it runs, Django's database cannot be asked in this process."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def spots(academy: Stack) -> list[Spot]:
    """The addresses of every kind of page, with what makes them interesting done before."""
    return every_kind_of_page(academy, prefix="halaman")


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """Not started yet. The test publishes to the same file broker."""
    with own_worker(tmp_path) as worker:
        yield worker
