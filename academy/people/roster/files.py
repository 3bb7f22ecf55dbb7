"""Files that were handed in: `<sha256>.<ending>` below DATA_DIR/imports, and beside them the rows an import refused."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils.translation import gettext as _

from academy.people.models import Agency, Person, RosterImport
from academy.whole_files import appearing

MOST_BYTES = 20 * 1024 * 1024
ENDINGS = ("csv", "xlsx")
# What a workbook may grow to when it is unpacked: 100,000 officials with ten columns are about 60 MB.
MOST_UNPACKED_BYTES = 300 * 1024 * 1024
MOST_PARTS = 1000
KEEP_FOR = timedelta(days=30)  # counted from the end of the import
KEEP_STRAY_FOR = timedelta(days=1)  # a file whose import was never recorded
LONGEST_NAME = 200


class FileRefused(ValueError):
    """The upload is no file we read; the message says why and what to do."""


@dataclass(frozen=True)
class Kept:
    """A stored upload. `name` is what the person called it."""

    sha256: str
    ending: str
    name: str


def keep(upload: UploadedFile[Any]) -> Kept:
    """Check the upload and store it. FileRefused if it is none of ours, OSError if the disk refuses."""
    name = PurePath(str(upload.name or "").replace("\\", "/").replace("\x00", "")).name
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if ending == "xls":
        raise FileRefused(_("This is an old Excel file (.xls). Open it, save it as .xlsx and upload that."))
    if ending not in ENDINGS:
        raise FileRefused(_("Only .csv and .xlsx files are read. Save the table as one of them and upload that."))
    if not upload.size:
        raise FileRefused(_("The file is empty."))
    if upload.size > MOST_BYTES:
        raise FileRefused(
            _("The file has %(size)s MB; at most %(most)s MB are read. Split it, for example by work unit.")
            % {"size": -(-upload.size // 1024**2), "most": MOST_BYTES // 1024**2}
        )
    (_check_workbook if ending == "xlsx" else _check_text)(upload)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    target = Path(settings.IMPORTS_ROOT) / f"{digest.hexdigest()}.{ending}"
    with appearing(target) as unfinished, unfinished.open("wb") as file:
        file.writelines(upload.chunks())
    return Kept(sha256=digest.hexdigest(), ending=ending, name=_short(name, ending))


def record(
    file: Path, *, agency: Agency, kind: RosterImport.Kind, by: Person | None, at: datetime, **options: Any
) -> RosterImport:
    """The row of an import that nobody handed in, to be called where it is applied. The file stays where it is."""
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    name = file.name.encode(errors="replace").decode()  # a name on disk may hold bytes that are no text
    return RosterImport.objects.create(
        agency=agency,
        kind=kind,
        by=by,
        at=at,
        state=RosterImport.State.CONFIRMED,
        file_name=_short(name, file.suffix[1:]),
        sha256=sha256,
        **options,
    )


def path_of(job: RosterImport) -> Path:
    return Path(settings.IMPORTS_ROOT) / f"{job.sha256}.{ending_of(job)}"


def refused_path_of(job: RosterImport) -> Path:
    """Where the rows lie that this import refused; in the form of the file itself."""
    return Path(settings.IMPORTS_ROOT) / f"refused-{job.pk}.{ending_of(job)}"


def ending_of(job: RosterImport) -> str:
    return job.file_name.rsplit(".", 1)[-1].lower()


def sweep(*, at: datetime) -> int:
    """Delete the files of imports that ended long ago, and what nobody recorded; how many. Samples go with them."""
    ended = RosterImport.objects.exclude(state__in=_UNDER_WAY)
    old = ended.filter(
        Q(undone_at__lte=at - KEEP_FOR)
        | Q(undone_at=None, applied_at__lte=at - KEEP_FOR)
        | Q(undone_at=None, applied_at=None, at__lte=at - KEEP_FOR)
    )
    old.exclude(samples={}).update(samples={})
    wanted = set()
    for job in RosterImport.objects.exclude(pk__in=old.values("pk")).only("pk", "sha256", "file_name"):
        wanted |= {path_of(job).name, refused_path_of(job).name}
    deleted = 0
    folder = Path(settings.IMPORTS_ROOT)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in wanted and path.stat().st_mtime < (at - KEEP_STRAY_FOR).timestamp():
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


_UNDER_WAY = [
    RosterImport.State.WAITING,
    RosterImport.State.MAPPING,
    RosterImport.State.PREVIEW,
    RosterImport.State.CONFIRMED,
    RosterImport.State.UNDOING,
]


def _check_workbook(upload: UploadedFile[Any]) -> None:
    """A real workbook that does not grow without measure when it is unpacked. Only its table of contents is read."""
    try:
        with zipfile.ZipFile(_rewound(upload)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise FileRefused(
            _(
                "This is no Excel workbook, whatever its name says, or it is damaged or has a password. Open it, save it as .xlsx and upload that."
            )
        ) from None
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise FileRefused(_("This is no Excel workbook: save the table as .xlsx and upload that."))
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
        raise FileRefused(_("Unpacked, this workbook is too large. Copy the table alone into a new workbook."))


def _check_text(upload: UploadedFile[Any]) -> None:
    beginning = _rewound(upload).read(4096)
    if beginning.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileRefused(_("This is an Excel workbook that is named .csv. Save it as .xlsx and upload that."))
    if b"\x00" in beginning and not beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused(_("This is no text table, whatever its name says. Save the table as .csv or .xlsx."))


def _rewound(upload: UploadedFile[Any]) -> IO[bytes]:
    upload.seek(0)
    file: IO[bytes] = upload.file  # type: ignore[assignment]
    return file


def _short(name: str, ending: str) -> str:
    """The name, not longer than its column; the ending stays."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - len(ending) - 2]}….{ending}"[-LONGEST_NAME:]
