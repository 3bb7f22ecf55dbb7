"""One running academy for all end-to-end tests of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.stack import Stack, running_academy

COMMANDS = (("load_agencies",), ("load_site",), ("load_curriculum",))


@pytest.fixture(scope="session")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web server, workers and clock on an empty academy with the curriculum; no demo people."""
    with running_academy(tmp_path_factory.mktemp("academy"), commands=COMMANDS) as stack:
        yield stack
