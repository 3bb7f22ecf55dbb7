"""Every fact a certificate prints, frozen at issue. What is not here is not printed, what is here never changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from academy.people.models import Organiser
from certificates import default_words, placeholders, wording
from courses.models import Completion, Edition

TEMPLATE_VERSION = "sttp-2026.4"  # of the layout: certificate.html, certificate.css and their fonts

# When a later layout prints one fact more: what the certificates of each earlier layout have in its place, so that
# their rows stay readable. Layout version → fact → value; the same for the facts of a module. Their words stood in the
# layout and are written from their other facts, see `_with_words`.
_BEFORE_ENDS: dict[str, Any] = {"valid_until": ""}
_BEFORE_TEMPLATES: dict[str, Any] = (
    dict.fromkeys(
        ("kind", "opening", "lead_in", "details", "on_behalf_of", "photo", "birth_place", "born_on", "template"), ""
    )
    | {"logos": ()}
    | _BEFORE_ENDS
)
NOT_YET_KNOWN: dict[str, dict[str, Any]] = {
    "sttp-2026.1": {"signed_by": "local", **_BEFORE_TEMPLATES},
    "sttp-2026.2": _BEFORE_TEMPLATES,
    "sttp-2026.3": _BEFORE_ENDS,
}
NOT_YET_KNOWN_OF_MODULES: dict[str, dict[str, Any]] = {}

PASSED, ATTENDED = Completion.Outcome.PASSED, Completion.Outcome.ATTENDED


@dataclass(frozen=True)
class ModuleFacts:
    """A line of page two. `credit_hours` is a decimal number as text, such as 0.75."""

    title: str
    activities: int
    minutes: int
    credit_hours: str


@dataclass(frozen=True)
class Given:
    """What the holder gave: the hash of a photo that is kept as a `PrintedAsset`, and birth data as printed facts."""

    photo: str = ""
    birth_place: str = ""
    born_on: str = ""


@dataclass(frozen=True)
class LogoFacts:
    """A logo as it is printed: the hash of its bytes, and what it is for whoever cannot see it."""

    sha256: str
    alt: str


@dataclass(frozen=True)
class CertificateFacts:
    """Plain values only, so that they survive as JSON. Days are ISO dates, `score` and `pass_mark` decimals as text.

    `name` carries its titles; `nip`, `grade`, `position`, `unit` and `agency` may be empty and are then not printed.
    `score` and `pass_mark` are empty for who attended, `valid_until` for what holds without end. `signatory_position` carries Plt. or Plh., `on_behalf_of` the
    a.n. `photo` is the hash of its bytes. `signed_by` names the signing backend, of which the foot of page one tells,
    `template` the version of the organiser's template, `template_version` the layout.
    """

    title: str
    kind: str
    outcome: str
    opening: str
    lead_in: str
    details: str
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
    valid_until: str
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
    on_behalf_of: str
    logos: tuple[LogoFacts, ...]
    photo: str
    birth_place: str
    born_on: str
    signed_by: str
    template: str
    template_version: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CertificateFacts:
        """Facts as stored, by whatever template version; what a later version took away is left out."""
        version = data.get("template_version", "")
        modules = [NOT_YET_KNOWN_OF_MODULES.get(version, {}) | module for module in data["modules"]]
        values = NOT_YET_KNOWN.get(version, {}) | data
        lists = {
            "modules": tuple(ModuleFacts(**_known(ModuleFacts, one)) for one in modules),
            "logos": tuple(LogoFacts(**_known(LogoFacts, one)) for one in values["logos"]),
        }
        facts = cls(**_known(cls, values) | lists)
        return facts if facts.template else _with_words(facts)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "modules": [asdict(module) for module in self.modules],
            "logos": [asdict(logo) for logo in self.logos],
        }

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
    def is_passed(self) -> bool:
        return self.kind == PASSED

    @property
    def birth(self) -> str:
        """Kupang, 12 Juli 1994; what is not given is left out."""
        day = wording.day(date.fromisoformat(self.born_on)) if self.born_on else ""
        return ", ".join(part for part in (self.birth_place, day) if part)

    @property
    def ends(self) -> str:
        """Berlaku sampai dengan 24 November 2028; nothing for what holds without end."""
        return f"Berlaku sampai dengan {wording.day(date.fromisoformat(self.valid_until))}" if self.valid_until else ""

    @property
    def printed_assets(self) -> tuple[str, ...]:
        """The hashes of the pictures that drawing needs."""
        return tuple(dict.fromkeys([*(logo.sha256 for logo in self.logos), *([self.photo] if self.photo else [])]))

    @property
    def period(self) -> str:
        return wording.period(date.fromisoformat(self.learned_from), date.fromisoformat(self.completed_on))


def _known(facts: type, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(facts)}
    return {name: value for name, value in values.items() if name in names}


def gather(completion: Completion, *, organiser: Organiser, template: Mapping[str, Any], given: Given, number: str,
           code: str, issued_on: date, site_url: str, signed_by: str) -> CertificateFacts:  # fmt: skip
    """The facts as they are now. The unit and agency are those that earned the completion, the rest is today's.

    `template` is the content of a published version; of what the holder gave, it says what is printed.
    """
    person, edition, run = completion.person, completion.edition, completion.enrolment.run
    zone = ZoneInfo(completion.agency.time_zone if completion.agency else organiser.time_zone)
    began_at = completion.enrolment.started_at or completion.enrolment.enrolled_at
    learned_from = min(began_at.astimezone(zone).date(), completion.completed_on)
    passed = completion.outcome == PASSED
    facts = CertificateFacts(
        title=template["title"],
        kind=str(completion.outcome),
        outcome=template["outcome"],
        opening="",
        lead_in=template["lead_in"],
        details="",
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
        valid_until=completion.valid_until.isoformat() if completion.valid_until else "",
        credit_hours=completion.credit_hours,
        credit_hours_in_words=wording.in_words(completion.credit_hours),
        score=_plain(completion.score) if passed else "",
        pass_mark=_plain(edition.pass_mark) if passed else "",
        modules=modules_of(edition),
        government=organiser.government_name,
        organiser=organiser.name,
        organiser_short=organiser.short_name,
        place=template["place"],
        issued_on=issued_on.isoformat(),
        signatory=template["signatory"],
        signatory_nip=template["signatory_nip"],
        signatory_position=template["signatory_position"],
        on_behalf_of=template["on_behalf_of"],
        logos=tuple(LogoFacts(**logo) for logo in template["logos"]),
        photo=given.photo if template["print_photo"] else "",
        birth_place=given.birth_place if template["print_birth"] else "",
        born_on=given.born_on if template["print_birth"] else "",
        signed_by=signed_by,
        template=template["name"],
        template_version=TEMPLATE_VERSION,
    )
    return fill(facts, opening=template["opening"], details=template["details"])


def fill(facts: CertificateFacts, *, opening: str, details: str) -> CertificateFacts:
    """With these two texts, their placeholders filled from the other facts."""
    values = words_of(facts)
    return replace(facts, opening=placeholders.fill(opening, values), details=placeholders.fill(details, values))


def words_of(facts: CertificateFacts) -> dict[str, str]:
    """What each placeholder stands for, see `placeholders.KNOWN`."""
    preposition = "pada" if facts.learned_from == facts.completed_on else "dari"
    return {
        "pemerintah": facts.government,
        "penyelenggara": facts.organiser,
        "penyelenggara_singkat": facts.organiser_short,
        "pelatihan": facts.course,
        "angkatan": facts.run,
        "edisi": facts.edition,
        "tanggal": f"{preposition} tanggal {facts.period}",
        "selesai": wording.day(date.fromisoformat(facts.completed_on)),
        "jp": str(facts.credit_hours),
        "jp_terbilang": facts.credit_hours_in_words,
        "tempat": facts.place,
        "nilai": facts.score.replace(".", ","),
        "batas_lulus": facts.pass_mark.replace(".", ","),
    }


def _with_words(facts: CertificateFacts) -> CertificateFacts:
    """Facts of a layout whose words were in the layout itself."""
    kind = PASSED if facts.outcome == default_words.WORDS[PASSED].outcome else ATTENDED
    words = default_words.WORDS[kind]
    return fill(replace(facts, kind=str(kind), lead_in=words.lead_in), opening=words.opening, details=words.details)


def _unit_name(completion: Completion) -> str:
    """The unit that earned it; the root of the tree stands for the agency itself, which is printed anyway."""
    unit = completion.unit
    return "" if unit is None or unit.is_root() else str(unit.name)


def modules_of(edition: Edition) -> tuple[ModuleFacts, ...]:
    return tuple(
        ModuleFacts(
            title=module.title,
            activities=len(activities := list(module.activities.all())),
            minutes=sum(activity.minutes for activity in activities),
            credit_hours=_plain(module.credit_hours),
        )
        for module in edition.modules.prefetch_related("activities")
    )


def _plain(value: Decimal) -> str:
    """A decimal as text without needless zeros, with a point: 88, 0.75."""
    return wording.decimal(Decimal(value)).replace(",", ".")
