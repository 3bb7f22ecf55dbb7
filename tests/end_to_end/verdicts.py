"""Certificates in every state and files of every kind, in the process of `console.py`; for tests that look at all answers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from academy.people.models import Person, Role, WorkUnit
from certificates import issuing, reissuing, store
from certificates.facts import CertificateFacts
from certificates.models import Certificate, HolderDetails, Revocation
from courses.enrolment import edition_to_begin
from courses.models import Course
from tests.certificates import forgeries
from tests.factories import LONG_AGO, make_completion

COURSE = "dasar-spbe"


def make_verdicts(*, officer: int, holder: int, names: list[int], folder: str) -> dict[str, Any]:
    """Codes and files by verdict. `officer` becomes who holds the course; `holder` owns the genuine one, `names` the others."""
    edition = edition_to_begin(Course.objects.get(key=COURSE))
    unit = WorkUnit.objects.get(pk=edition.course.organiser.unit_id)
    Role.objects.create(person_id=officer, kind=Role.Kind.ORGANISER, unit=unit, from_at=LONG_AGO)
    HolderDetails.objects.create(person_id=holder, birth_place="Soe", changed_at=timezone.now())
    genuine, revoked, replaced, expired = (_published(person, edition) for person in (holder, *names[:3]))
    Certificate.objects.filter(pk=revoked.pk).update(
        revoked_at=timezone.now(), revocation_reason=Revocation.Reason.ISSUED_IN_ERROR
    )
    yesterday = timezone.localdate() - timedelta(days=1)
    Certificate.objects.filter(pk=expired.pk).update(facts=expired.facts | {"valid_until": yesterday.isoformat()})
    by = Person.objects.get(pk=officer)
    successor = reissuing.reissue(replaced, correction="Gelar dibetulkan", by=by, at=timezone.now())
    issuing.publish_file(successor, at=timezone.now())
    return {
        "codes": {"genuine": genuine.code, "revoked": revoked.code, "replaced": replaced.code, "expired": expired.code},
        "number": genuine.number,
        "id": genuine.pk,
        "run": genuine.completion.enrolment.run_id,
        "files": _files(genuine, Path(folder)),
    }


@transaction.atomic
def _published(person: int, edition: Any) -> Certificate:
    """In one transaction: the sweep of the running academy would be as quick."""
    now = timezone.now()
    completion = make_completion(
        Person.objects.get(pk=person), edition=edition, completed_at=now, completed_on=now.date()
    )
    return issuing.publish_file(issuing.issue(completion, at=now), at=now)


def _files(certificate: Certificate, folder: Path) -> dict[str, str]:
    """The path of one for each verdict that only a file can have."""
    assert certificate.file
    facts = CertificateFacts.from_json(certificate.facts)
    model = forgeries.Model(store.read(certificate.file.key), facts, facts, b"", b"", folder)
    made = {
        "genuine": model.content,
        "altered": forgeries.name_covered_by_another(model),
        "resaved": forgeries.by_pikepdf(model),
        "foreign": forgeries.signed_by_the_forger(model),
        "unknown": b"%PDF-1.7\nrusak",
    }
    for name, content in made.items():
        (folder / f"{name}.pdf").write_bytes(content)
    return {name: str(folder / f"{name}.pdf") for name in made}
