"""A file that a weak line may fetch in pieces: one byte range of HTTP (RFC 9110, section 14)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Piece:
    """The next so many bytes of an open file, itself read like a file."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self.file, self.left = file, length

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(block)
        return block

    def close(self) -> None:
        self.file.close()


def file_or_range(
    request: HttpRequest, path: Path, *, sha256: str, filename: str, content_type: str
) -> HttpResponseBase:
    """The file, or the one range that was asked for of this very file. OSError if it cannot be opened.

    Several ranges, a range of another version (If-Range) and what is no range get the whole file, as the standard allows.
    """
    file, size, tag = path.open("rb"), path.stat().st_size, f'"{sha256}"'
    named: dict[str, Any] = {"as_attachment": True, "filename": filename, "content_type": content_type}
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    response: HttpResponseBase
    if asked is None or asked.groups() == ("", "") or request.headers.get("If-Range", tag) != tag:
        response = FileResponse(file, **named)
    else:
        first, last = _bounds(*asked.groups(), size=size)
        if first > last:
            file.close()
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        file.seek(first)
        response = FileResponse(Piece(file, last - first + 1), status=206, **named)
        response.headers["Content-Length"] = str(last - first + 1)
        response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = tag
    return response


def _bounds(first: str, last: str, *, size: int) -> tuple[int, int]:
    """First and last byte; a range without beginning asks for the last so many bytes."""
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)
