"""Every fact a certificate prints, frozen at issue. What is not here is not printed, what is here never changes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Self
from zoneinfo import ZoneInfo

from academy.people.models import Organiser
from certificates import wording
from courses.models import Completion

TEMPLATE_VERSION = "sttp-2026.2"

TITLES = {
    Completion.Outcome.PASSED: "Surat Tanda Tamat Pelatihan",
    Completion.Outcome.ATTENDED: "Surat Keterangan Telah Mengikuti",
}
# When a later template prints one fact more: what the certificates of each earlier template have in its place, so
# that their rows stay readable. Template version → fact → value; the same for the facts of a module.
NOT_YET_KNOWN: dict[str, dict[str, Any]] = {"sttp-2026.1": {"signed_by": "local"}}
NOT_YET_KNOWN_OF_MODULES: dict[str, dict[str, Any]] = {}

OUTCOMES = {Completion.Outcome.PASSED: "Lulus", Completion.Outcome.ATTENDED: "Telah mengikuti"}


@dataclass(frozen=True)
class ModuleFacts:
    """A line of page two. `credit_hours` is a decimal number as text, such as 0.75."""

    title: str
    activities: int
    minutes: int
    credit_hours: str


@dataclass(frozen=True)
class CertificateFacts:
    """Plain values only, so that they survive as JSON. Days are ISO dates, `score` and `pass_mark` decimals as text.

    `name` carries its titles; `nip`, `grade`, `position`, `unit` and `agency` may be empty and are then not printed.
    `signed_by` names the signing backend, of which the foot of page one tells.
    """

    title: str
    outcome: str
    number: str
    code: str
    site_url: str
    name: str
    nip: str
    grade: str
    position: str
    unit: str
    agency: str
    course: str
    edition: str
    run: str
    learned_from: str
    completed_on: str
    credit_hours: int
    credit_hours_in_words: str
    score: str
    pass_mark: str
    modules: tuple[ModuleFacts, ...]
    government: str
    organiser: str
    organiser_short: str
    place: str
    issued_on: str
    signatory: str
    signatory_nip: str
    signatory_position: str
    signed_by: str
    template_version: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Facts as stored, by whatever template version; what a later version took away is left out."""
        version = data.get("template_version", "")
        modules = [NOT_YET_KNOWN_OF_MODULES.get(version, {}) | module for module in data["modules"]]
        values = NOT_YET_KNOWN.get(version, {}) | data
        return cls(
            **_known(cls, values) | {"modules": tuple(ModuleFacts(**_known(ModuleFacts, one)) for one in modules)}
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"modules": [asdict(module) for module in self.modules]}

    def sha256(self) -> str:
        """Hash of the canonical JSON: sorted keys, no white space, UTF-8.

        It covers the NIP, which has few enough values to be found by trying: never show it in public.
        """
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def verify_url(self) -> str:
        """The address in the QR code: all upper case, which keeps the symbol coarse and easy to scan."""
        return f"{self.site_url}/V/{self.code}".upper()

    @property
    def period(self) -> str:
        return wording.period(date.fromisoformat(self.learned_from), date.fromisoformat(self.completed_on))


def _known(facts: type, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(facts)}
    return {name: value for name, value in values.items() if name in names}


def gather(completion: Completion, *, organiser: Organiser, number: str, code: str, issued_on: date,
           site_url: str, signed_by: str) -> CertificateFacts:  # fmt: skip
    """The facts as they are now. The unit and agency are those that earned the completion, the rest is today's."""
    person, edition, run = completion.person, completion.edition, completion.enrolment.run
    zone = ZoneInfo(completion.agency.time_zone if completion.agency else organiser.time_zone)
    began_at = completion.enrolment.started_at or completion.enrolment.enrolled_at
    learned_from = min(began_at.astimezone(zone).date(), completion.completed_on)
    return CertificateFacts(
        title=TITLES[Completion.Outcome(completion.outcome)],
        outcome=OUTCOMES[Completion.Outcome(completion.outcome)],
        number=number,
        code=code,
        site_url=site_url,
        name=person.full_name,
        nip=person.nip or "",
        grade=wording.rank_and_grade(person.grade),
        position=person.position,
        unit=_unit_name(completion),
        agency=completion.agency.name if completion.agency else "",
        course=edition.title,
        edition=edition.number,
        run=run.name,
        learned_from=learned_from.isoformat(),
        completed_on=completion.completed_on.isoformat(),
        credit_hours=completion.credit_hours,
        credit_hours_in_words=wording.in_words(completion.credit_hours),
        score=_plain(completion.score),
        pass_mark=_plain(edition.pass_mark),
        modules=_modules(completion),
        government=organiser.government_name,
        organiser=organiser.name,
        organiser_short=organiser.short_name,
        place=organiser.city,
        issued_on=issued_on.isoformat(),
        signatory=organiser.signatory_name,
        signatory_nip=organiser.signatory_nip,
        signatory_position=organiser.signatory_position,
        signed_by=signed_by,
        template_version=TEMPLATE_VERSION,
    )


def _unit_name(completion: Completion) -> str:
    """The unit that earned it; the root of the tree stands for the agency itself, which is printed anyway."""
    unit = completion.unit
    return "" if unit is None or unit.is_root() else str(unit.name)


def _modules(completion: Completion) -> tuple[ModuleFacts, ...]:
    return tuple(
        ModuleFacts(
            title=module.title,
            activities=len(activities := list(module.activities.all())),
            minutes=sum(activity.minutes for activity in activities),
            credit_hours=_plain(module.credit_hours),
        )
        for module in completion.edition.modules.prefetch_related("activities")
    )


def _plain(value: Decimal) -> str:
    """A decimal as text without needless zeros, with a point: 88, 0.75."""
    return wording.decimal(Decimal(value)).replace(",", ".")
