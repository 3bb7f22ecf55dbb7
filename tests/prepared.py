"""What `.ci/test` makes once for a whole run, so that not every database and every server makes it anew.

Applying all migrations takes half a minute, collecting the static files a quarter. Where the run has done so, it tells
in TEST_SCHEMA (a SQLite file, or the name of a PostgreSQL database) and TEST_STATIC (a folder). Without them
everybody migrates and collects alone, with the same outcome.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

ENDINGS = ("", "-wal", "-shm", "-journal")


def schema() -> str:
    """The SQLite file or PostgreSQL database that holds the schema and no more; "" if there is none."""
    return os.environ.get("TEST_SCHEMA", "")


def copy_schema(target: Path) -> bool:
    """A SQLite file with the schema in place of what was there; False, and nothing done, if there is none to copy."""
    if not schema():
        return False
    for ending in ENDINGS:
        target.with_name(target.name + ending).unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(schema(), target)
    return True


def link_static(folder: Path) -> bool:
    """The collected static files as `folder`, which must not exist; False, and nothing done, if there are none."""
    collected = os.environ.get("TEST_STATIC", "")
    if collected:
        folder.symlink_to(collected, target_is_directory=True)
    return bool(collected)


def begin_test_database(settings: dict[str, Any]) -> bool:
    """Let the test database of these settings begin as a copy of the schema; whether it still has to be created."""
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        return not copy_schema(Path(settings["TEST"]["NAME"]))
    if schema():
        settings["TEST"]["TEMPLATE"] = schema()
    return True
