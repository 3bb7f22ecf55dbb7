"""Two agencies, one person for each kind of reader, and an object of everybody for each kind of address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from django.test import Client
from django.utils import timezone

from academy.people import units
from academy.people.models import AgencyGroup, Person, Placement, Role, RosterImport, Transfer, WorkUnit
from academy.people.roster import files
from academy.reports.models import Export, Reconciliation
from academy.reports.scope import scope_of
from certificates import issuing, store
from certificates.archives import parts
from certificates.models import ArchivePart, Certificate, CertificateArchive, CertificateFile, Revocation
from courses.attempts import start_attempt
from courses.models import Assignment, Edition, Enrolment
from courses.progress import complete_lesson
from tests.factories import AT, LONG_AGO, AgencyFactory, PersonFactory, make_edition, make_enrolment, make_unit
from tests.reports.exporting import make_export, make_ready
from tests.reports.world import complete

Made = TypeVar("Made")


@dataclass
class World:
    """Agency A: department A1 with the units A1a and A1b, department A2. Agency B: department B1.

    Relations are told from A1a, where the learner works; the officers work where their role lies.
    """

    units: dict[str, WorkUnit]
    readers: dict[str, Person]
    owners: dict[str, Person]
    edition: Edition
    certified: Edition
    group: AgencyGroup
    made: dict[tuple[str, int], Any] = field(default_factory=dict)
    sessions: dict[str, Client] = field(default_factory=dict)

    def client(self, reader: str) -> Client:
        """A fresh browser with the one session of this reader; signed out for anybody who is none."""
        client = Client()
        if person := self.readers.get(reader):
            if reader not in self.sessions:
                self.sessions[reader] = Client()
                self.sessions[reader].force_login(person)
            client.cookies.update(self.sessions[reader].cookies)
        return client

    def person(self, relation: str, reader: Person | None) -> Person:
        """Whose object is asked for; signed out, "own" is the learner's."""
        return self.owners[relation] if relation != "own" else reader or self.readers["learner"]

    def once(self, kind: str, person: Person, make: Callable[[Person], Made]) -> Made:
        """The one object of this kind that belongs to the person."""
        key = (kind, person.pk)
        if key not in self.made:
            self.made[key] = make(person)
        made: Made = self.made[key]
        return made

    def enrolment(self, person: Person) -> Enrolment:
        return self.once("enrolment", person, self._make_enrolment)

    def certificate_code(self, person: Person) -> str:
        return self.certificate(person).code

    def certificate(self, person: Person) -> Certificate:
        return self.once("certificate", person, self._make_certificate)

    def proposal(self, person: Person) -> Revocation:
        """That the certificate of this person be revoked."""
        return self.once("proposal", person, self._make_proposal)

    def roster_import(self, person: Person) -> RosterImport:
        """A file of the agency where the person works, checked and with a row that is refused."""
        return self.once("import", person, self._make_import)

    def assignment(self, person: Person) -> Assignment:
        """What the person proposed for the own unit."""
        return self.once("assignment", person, self._make_assignment)

    def finished_assignment(self, person: Person) -> Assignment:
        return self.once("finished assignment", person, lambda owner: self._make_assignment(owner, state="done"))

    def archive(self, person: Person) -> CertificateArchive:
        """What the person had gathered of the own unit: one part, without certificates."""
        return self.once("archive", person, self._make_archive)

    def export(self, person: Person) -> Export:
        """A file of a report that the person asked for, who may have lost the role since."""
        return self.once("export", person, self._make_export)

    def recount(self, person: Person) -> Reconciliation:
        """One that found a difference, asked for by the person."""
        return self.once("recount", person, self._make_recount)

    def role(self, person: Person) -> Role:
        return self.once("role", person, lambda owner: _grant(owner, Role.Kind.HR))

    def transfer(self, person: Person) -> Transfer:
        """Released from the own agency to the other one."""
        return self.once("transfer", person, self._make_transfer)

    def plan(self, person: Person) -> Placement:
        """Something planned for a far day."""
        far = AT.date() + timedelta(days=300)
        return self.once("plan", person, lambda owner: Placement.objects.create(person=owner, from_on=far))

    def _make_transfer(self, person: Person) -> Transfer:
        unit = _unit(person)
        other = self.units["A"] if unit.agency_id == self.units["B"].agency_id else self.units["B"]
        return Transfer.objects.create(person=person, from_unit=unit, to_agency=other.agency, released_at=AT)

    def _make_import(self, person: Person) -> RosterImport:
        job = RosterImport.objects.create(
            agency=_unit(person).agency, by=None, at=AT, file_name="pegawai.csv", sha256="0" * 64, state="preview"
        )
        refused = files.refused_path_of(job)
        refused.parent.mkdir(parents=True, exist_ok=True)
        refused.write_text("NIP,Nama,Unit Kerja,Alasan\n")
        return job

    def _make_archive(self, person: Person) -> CertificateArchive:
        archive = CertificateArchive.objects.create(
            by=person, at=AT, scope="", unit=_unit(person), year=2026, total=1, done=1, state="ready"
        )
        path = parts.path_of(f"{archive.pk}.zip")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PK")
        ArchivePart.objects.create(archive=archive, number=1, file_name=path.name, sha256="0" * 64, size=2, count=1)
        return archive

    def _make_export(self, person: Person) -> Export:
        now = timezone.now()
        if scope_of(person, at=now) is None:
            return make_export(person, failed_at=now, problem="role")
        return make_ready(person, content=b"NIP", at=now)

    def _make_recount(self, person: Person) -> Reconciliation:
        named = {"kind": "certificate.unit", "key": "1", "person": 1, "run": None, "stored": "x", "counted": "y"}
        return Reconciliation.objects.create(
            by=person, asked_at=AT, started_at=AT, finished_at=AT, found={"certificate.unit": 1}, named=[named],
            differences=1,
        )  # fmt: skip

    def _make_assignment(self, person: Person, state: str = "preview") -> Assignment:
        return Assignment.objects.create(
            course=self.edition.course, due_on=AT.date(), unit=_unit(person), by=person, at=timezone.now(), state=state
        )

    def _make_enrolment(self, person: Person) -> Enrolment:
        """All lessons read, and a first attempt at the test begun."""
        enrolment = make_enrolment(person, edition=self.edition)
        for lesson in self.edition.activities.filter(kind="lesson"):
            complete_lesson(enrolment, lesson, at=timezone.now())
        start_attempt(enrolment, self.edition.activities.get(kind="quiz"), at=timezone.now())
        return enrolment

    def _make_proposal(self, person: Person) -> Revocation:
        certificate = self.certificate(person)
        proposal = Revocation.objects.create(
            organiser=certificate.organiser,
            reason="issued-in-error",
            proposed_by=self.readers["trainer"],
            proposed_at=AT,
        )
        proposal.certificates.add(certificate)
        return proposal

    def _make_certificate(self, person: Person) -> Certificate:
        completion = complete(make_enrolment(person, edition=self.certified))
        certificate = issuing.issue(completion, at=AT)
        stored = store.keep(b"%PDF-1.7 " + str(person.pk).encode())
        certificate.file = CertificateFile.objects.create(
            sha256=stored.sha256, size=stored.size, key=stored.key, credential={"type": ["VerifiableCredential"]}
        )
        certificate.published_at = AT
        certificate.save()
        return certificate


def make_world() -> World:
    a, b = AgencyFactory(), AgencyFactory()
    a1, a2, b1 = make_unit("Dinas A1", agency=a), make_unit("Dinas A2", agency=a), make_unit("Dinas B1", agency=b)
    places = {
        "A": units.ensure_root(a),
        "A1": a1,
        "A1a": units.ensure_unit(a1, "Bidang A1a"),
        "A1b": units.ensure_unit(a1, "Bidang A1b"),
        "A2": a2,
        "B": units.ensure_root(b),
        "B1": b1,
    }
    owners: dict[str, Any] = {
        "same unit": PersonFactory(unit=places["A1a"]),
        "sibling": PersonFactory(unit=places["A1b"]),
        "parent": PersonFactory(unit=places["A1"]),
        "other department": PersonFactory(unit=places["A2"]),
        "other agency": PersonFactory(unit=places["B1"]),
    }
    readers: dict[str, Any] = {
        "learner": PersonFactory(unit=places["A1a"]),
        "trainer": _officer(Role.Kind.TRAINER, places["A2"]),
        "HR of A1": _officer(Role.Kind.HR, places["A1"]),
        "HR of A": _officer(Role.Kind.HR, places["A"]),
        "HR of B": _officer(Role.Kind.HR, places["B"]),
        "organiser": _officer(Role.Kind.ORGANISER, places["A2"]),
        "operator": _officer(Role.Kind.OPERATOR, places["A"]),
    }
    return World(places, readers, owners, make_edition(), make_edition(), AgencyGroup.objects.create(name="Provinsi"))


def _officer(kind: Role.Kind, unit: WorkUnit) -> Person:
    person: Person = PersonFactory(unit=unit)
    _grant(person, kind)
    return person


def _grant(person: Person, kind: Role.Kind) -> Role:
    return Role.objects.create(person=person, kind=kind, unit=person.unit, from_at=LONG_AGO)


def _unit(person: Person) -> WorkUnit:
    assert person.unit is not None
    return person.unit
