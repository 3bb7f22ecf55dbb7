from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.certificates.storage import S3Server, running_server


@pytest.fixture(scope="session")
def one_s3_server() -> Iterator[S3Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def s3_server(one_s3_server: S3Server) -> S3Server:
    """Empty; started again if the test before stopped it."""
    if one_s3_server.process is None:
        one_s3_server.start()
    else:
        one_s3_server.empty()
    return one_s3_server
