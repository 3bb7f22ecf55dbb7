"""Read the packages of a folder, each in a process of its own with little memory and time; tell what it took.

`python -m tests.courses.refusing FOLDER` writes one line of JSON for each package, in the order of their names. A
process that runs out of memory or time ends without one.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import django

MEMORY = 50 * 2**20  # bytes that reading a package may add
SECONDS = 2  # of processor


def read(path: Path) -> dict[str, object]:
    """What a refusal says, empty if there was none, and the bytes of memory that reading added at its highest."""
    from courses.package_guard import PackageRefused
    from courses.package_import import read_package

    resource.setrlimit(resource.RLIMIT_AS, (size() + MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    before, message = highest(), ""
    try:
        with read_package(path):
            pass
    except PackageRefused as refusal:
        message = str(refusal)
    return {"name": path.stem, "message": message, "bytes": highest() - before}


def size() -> int:
    """Bytes of addresses this process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def highest() -> int:
    """The most bytes of memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(folder: Path) -> None:
    django.setup()
    from django.conf import settings

    settings.PACKAGES_ROOT = folder / "opened"
    import courses.package_import  # noqa: F401  # loaded once, before the processes part

    for path in sorted(folder.glob("*.zip")):
        child = os.fork()
        if not child:
            print(json.dumps(read(path)), flush=True)  # noqa: T201
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
