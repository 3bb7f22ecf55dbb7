"""One part of an archive: a ZIP file with certificates, their index as CSV and XLSX, and a note in words.

One certificate is in memory at a time. What cannot be put in is named in the index, never silently left out.
"""

from __future__ import annotations

import hashlib
import secrets
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from academy.pages.templatetags.formats import clock, day
from academy.whole_files import appearing
from certificates import store
from certificates.archives import lists
from certificates.archives.choosing import seen_by
from certificates.file_names import piece
from certificates.models import ArchivedCertificate, Certificate, CertificateArchive

PROGRESS_EVERY = 25
VALID, REVOKED, REPLACED = "sertifikat", "dicabut", "diganti"  # folders


def path_of(file_name: str) -> Path:
    return Path(settings.EXPORTS_ROOT) / file_name


def write(
    archive: CertificateArchive, number: int, *, of: int, at: datetime, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Write part `number` of `of` and return the fields of its row.

    Each writing has a name of its own: a worker that lost its lease overwrites nobody's file. OSError if the disk
    refuses, StoreUnreachable if the store is away.
    """
    path = path_of(f"{archive.pk}-{number}-{secrets.token_hex(8)}.zip")
    index: list[list[lists.Cell]] = []
    problems: list[dict[str, str]] = []
    with (
        override(settings.LANGUAGE_CODE),
        appearing(path) as draft,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as file,
    ):
        for written, (entry, seen) in enumerate(_entries(archive, number, at=at)):
            if written % PROGRESS_EVERY == 0:
                progress(written)
            name = f"{folder_of(entry.certificate)}/{file_name_of(entry)}"
            problem = _("The person no longer works in the scope of the officer.")
            if seen:
                problem = _put(file, name, entry.certificate, archive.at)
            if problem:
                problems.append({"number": entry.certificate.number if seen else "", "problem": problem})
            index.append(_line(entry, "" if problem else name, problem, seen=seen))
        _put_index(file, index, archive.at)
        _put_text(file, "BACA-SAYA.txt", _note(archive, number, of, index, problems), archive.at)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "file_name": path.name,
        "sha256": sha256,
        "size": path.stat().st_size,
        "count": len(index) - len(problems),
        "problems": problems,
    }


def _entries(archive: CertificateArchive, number: int, *, at: datetime) -> Iterator[tuple[ArchivedCertificate, bool]]:
    """What was chosen for this part, and whether the officer may see it now."""
    entries: QuerySet[ArchivedCertificate] = archive.entries.filter(part=number).order_by("position")
    seen = set(
        entries.filter(certificate__completion__person__unit__in=seen_by(archive.by, archive.unit, at=at)).values_list(
            "pk", flat=True
        )
    )
    for entry in entries.select_related("certificate__file").defer("certificate__file__credential"):
        yield entry, entry.pk in seen


def file_name_of(entry: ArchivedCertificate) -> str:
    """Letters, digits and dashes only; the position makes it unique in the whole archive."""
    pieces = [piece(str(text)) for text in (entry.certificate.facts.get("name"), entry.certificate.number)]
    return "-".join([f"{entry.position:05d}", *filter(None, pieces)]) + ".pdf"


def folder_of(certificate: Certificate) -> str:
    """What is not valid lies apart, so that nobody files it with the others."""
    if certificate.revoked_at:
        return REVOKED
    return REPLACED if certificate.superseded_at else VALID


def _put(file: zipfile.ZipFile, name: str, certificate: Certificate, at: datetime) -> str:
    """Put the published bytes in; what is wrong with them, or nothing."""
    if certificate.file is None:
        return _("The file is missing.")
    try:
        content = store.read_exactly(certificate.file.key, sha256=certificate.file.sha256)
    except store.StoreUnreachable:
        raise
    except store.FileMissing:
        return _("The file is missing.")
    except store.FileDamaged:
        return _("The file is damaged.")
    except OSError:
        return _("The file cannot be read.")
    file.writestr(_info(name, at), content)
    return ""


def _put_index(file: zipfile.ZipFile, index: list[list[lists.Cell]], at: datetime) -> None:
    file.writestr(_info("daftar.csv", at), lists.as_csv(index), zipfile.ZIP_DEFLATED)
    file.writestr(_info("daftar.xlsx", at), lists.as_workbook(index), zipfile.ZIP_DEFLATED)


def _put_text(file: zipfile.ZipFile, name: str, text: str, at: datetime) -> None:
    lines = text.replace("\n", "\r\n")  # as every editor of Windows shows them
    file.writestr(_info(name, at), lines.encode("utf-8-sig"), zipfile.ZIP_DEFLATED)


def _info(name: str, at: datetime) -> zipfile.ZipInfo:
    """Every file in it carries the moment for which the archive stands."""
    info = zipfile.ZipInfo(name, date_time=timezone.localtime(at).timetuple()[:6])
    info.external_attr = 0o644 << 16
    return info


def _line(entry: ArchivedCertificate, name: str, problem: str, *, seen: bool) -> list[lists.Cell]:
    """Below `lists.columns`, as printed on the certificate; of somebody who is no longer the officer's to see, nothing."""
    certificate, facts = entry.certificate, entry.certificate.facts
    if not seen:
        return [entry.position, *[None] * 11, problem]
    return [
        entry.position,
        *(str(facts.get(key) or "") for key in ("nip", "name")),
        certificate.number,
        *(str(facts.get(key) or "") for key in ("unit", "course")),
        facts.get("credit_hours"),
        *(_day(facts.get(key)) for key in ("completed_on", "issued_on")),
        standing(certificate),
        name,
        certificate.file.sha256 if certificate.file else "",
        problem,
    ]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def standing(certificate: Certificate) -> str:
    if certificate.revoked_at:
        return _("Revoked")
    if certificate.superseded_at:
        return _("Replaced by a newer one")
    return pgettext("archive", "Valid")


def _note(
    archive: CertificateArchive, number: int, of: int, index: list[list[lists.Cell]], problems: list[dict[str, str]]
) -> str:
    zone = archive.unit.agency.time_zone
    context = {
        "archive": archive,
        "number": number,
        "of": of,
        "count": len(index) - len(problems),
        "problems": problems,
        "reasons": reasons_in_words(archive.left_out),
        "at": f"{day(archive.at, zone)}, {clock(archive.at, zone)}",
    }
    return render_to_string("certificates/archives/note.txt", context)


def reasons_in_words(left_out: dict[str, int]) -> list[str]:
    """What of the same people, year and course is not in the archive, and why."""
    words = {
        "not_published": _("not issued yet: %(count)d"),
        "revoked": _("revoked: %(count)d"),
        "replaced": _("replaced by a newer one: %(count)d"),
    }
    return [text % {"count": left_out[reason]} for reason, text in words.items() if left_out.get(reason)]
