"""Published files in a folder of this machine, the default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from academy import whole_files
from certificates.store import FileMissing, StoreUnreachable


@dataclass(frozen=True)
class LocalFolder:
    root: Path

    def path_of(self, key: str) -> Path:
        return self.root / key

    def put(self, key: str, content: bytes) -> None:
        whole_files.write(self.path_of(key), content)
        if self.get(key) != content:
            raise StoreUnreachable(f"The disk gives other bytes back than were written to {key}")

    def get(self, key: str) -> bytes:
        try:
            return self.path_of(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileMissing(f"There is no file {key}") from error

    def size(self, key: str) -> int | None:
        try:
            return self.path_of(key).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def keys(self, before: datetime | None) -> Iterator[str]:
        """Drafts, whose names are hidden, are no files yet."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.glob("[0-9a-f]*.pdf")):
                if before is None or path.stat().st_mtime < before.timestamp():
                    yield f"{folder.name}/{path.name}"
