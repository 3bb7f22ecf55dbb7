"""Certificates with small files in the store, and eyes for archives."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from pathlib import Path
from typing import Any

from django.conf import settings

from academy.people.models import Person
from certificates import issuing, store
from certificates.archives.choosing import Choice
from certificates.models import Certificate, CertificateArchive, CertificateFile
from courses import credit_hours
from courses.models import Completion, Edition, Enrolment
from tests.factories import AT, PersonFactory, RunFactory, make_completion, make_nip


def make_published(person: Person, *, edition: Edition, content: bytes = b"", **fields: Any) -> Certificate:
    """Issued as always; the file is a few bytes of its own."""
    certificate = issuing.issue(make_completion(person, edition=edition), at=AT)
    stored = store.keep(content or f"%PDF-1.7 {certificate.number}".encode())
    file = CertificateFile.objects.create(sha256=stored.sha256, size=stored.size, key=stored.key)
    Certificate.objects.filter(pk=certificate.pk).update(**{"file": file, "published_at": AT} | fields)
    certificate.refresh_from_db()
    if certificate.annuls_credit:
        credit_hours.annul([certificate.completion_id], at=AT)
    return certificate


def make_many(count: int, *, unit: Any, edition: Edition) -> list[Certificate]:
    return [make_published(PersonFactory(unit=unit), edition=edition) for _each in range(count)]


def choice_of(unit: Any, **fields: Any) -> Choice:
    return Choice(**{"unit": unit, "year": 2026} | fields)


def zips(archive: CertificateArchive) -> list[zipfile.ZipFile]:
    """The parts in order, each proven whole."""
    opened = []
    for part in archive.parts.all():
        file = zipfile.ZipFile(Path(settings.EXPORTS_ROOT) / part.file_name)
        assert file.testzip() is None
        opened.append(file)
    return opened


def index_of(file: zipfile.ZipFile) -> list[dict[str, str]]:
    text = file.read("daftar.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def certificates_in(file: zipfile.ZipFile) -> list[str]:
    return [name for name in file.namelist() if name.startswith("sertifikat/")]


def exported() -> list[Path]:
    folder = Path(settings.EXPORTS_ROOT)
    return sorted(folder.iterdir()) if folder.is_dir() else []


def path_of(certificate: Certificate) -> Path:
    assert certificate.file is not None
    return Path(settings.CERTIFICATES_ROOT) / certificate.file.key


def sha256_of(certificate: Certificate) -> str:
    assert certificate.file is not None
    return certificate.file.sha256


def make_very_many(count: int, *, unit: Any, edition: Edition, size: int) -> None:
    """The same as bare rows, a statement for each table, with files of that many bytes."""
    run = RunFactory(course=edition.course)
    where = {"unit": unit, "agency": unit.agency}
    people = Person.objects.bulk_create(
        Person(name=f"Maria Contoh {n}", nip=make_nip(100_000 + n), unit=unit) for n in range(count)
    )
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(
            person=person,
            run=run,
            course=edition.course,
            edition=edition,
            enrolled_at=AT,
            completed_at=AT,
            completed_on=AT.date(),
            **where,
        )
        for person in people
    )
    completions = Completion.objects.bulk_create(
        Completion(
            enrolment=enrolment,
            outcome="passed",
            person=enrolment.person,
            course=edition.course,
            edition=edition,
            score=88,
            credit_hours=3,
            completed_at=AT,
            completed_on=AT.date(),
            **where,
        )
        for enrolment in enrolments
    )
    chance = random.Random(2026)
    kept = [store.keep(b"%PDF-1.7 " + chance.randbytes(size)) for _each in completions]
    files = CertificateFile.objects.bulk_create(
        CertificateFile(sha256=one.sha256, size=one.size, key=one.key) for one in kept
    )
    Certificate.objects.bulk_create(
        Certificate(
            completion=completion,
            organiser=edition.course.organiser,
            year=2026,
            sequence=n,
            number=f"{n:04}/BPSDMD/XI/2026",
            code=f"{n:016d}",
            facts={"name": completion.person.name, "nip": completion.person.nip},
            facts_sha256="0" * 64,
            template_version="1",
            issued_at=AT,
            published_at=AT,
            file=file,
        )
        for n, (completion, file) in enumerate(zip(completions, files, strict=True), 1)
    )
