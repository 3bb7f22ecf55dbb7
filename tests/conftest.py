"""What many tests share: the clock of the academy and a place for files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DEFAULT_DB_ALIAS, connections

from tests import emptying, judges, prepared


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [] if hasattr(config, "workerinput") else ["judges: " + ", ".join(judges.versions())]


@pytest.fixture(scope="session")
def django_db_createdb(django_db_createdb: bool, django_db_modify_db_settings_parallel_suffix: None) -> bool:
    """A new database begins with the schema that `.ci/test` made, if it did; the migrations then find nothing to do."""
    return django_db_createdb and prepared.begin_test_database(connections[DEFAULT_DB_ALIAS].settings_dict)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    emptying.empty_by_rows(connections[DEFAULT_DB_ALIAS])


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path: Path) -> None:
    """Each test has its own folders for media, certificates and the cache."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.CERTIFICATES_ROOT = tmp_path / "certificates"
    settings.IMPORTS_ROOT = tmp_path / "imports"
    settings.EXPORTS_ROOT = tmp_path / "exports"
    settings.PACKAGES_ROOT = tmp_path / "packages"
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # needs no collectstatic
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": tmp_path / "cache"}}
    settings.COUNTS_PATH = tmp_path / "counts.sqlite3"


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Hashing a password takes a third of a second, as it should where somebody could steal it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB; only root may mount one."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("mounting a disk needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)
