"""The transcript of a person's year: what counted, with the certificates behind it, as a sheet that is drawn when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from academy.people import nip
from academy.people.models import Person
from certificates import codes
from certificates.models import Certificate
from certificates.rendering import draw_sheet
from courses.credit_hours import credited
from courses.models import Completion

TEMPLATE = "dashboard/pdf/transcript.html"
STYLE = Path(__file__).resolve().parent / "templates" / "dashboard" / "pdf" / "transcript.css"


@dataclass(frozen=True)
class Line:
    """One course that counted. `number` and `code` are empty while its certificate is being made, or was revoked."""

    course: str
    organiser: str
    completed_on: date
    credit_hours: int
    number: str
    code: str
    is_revoked: bool


@dataclass(frozen=True)
class Transcript:
    person: Person
    year: int
    at: datetime
    lines: tuple[Line, ...]

    @property
    def credit_hours(self) -> int:
        """The total is that of the lines, and both are those of `credit_hours.credited` (promise P6)."""
        return sum(line.credit_hours for line in self.lines)


def gather(person: Person, *, year: int, at: datetime) -> Transcript:
    """What counts towards `year` at this moment, by day; of each course the certificate that is valid now."""
    newest = Certificate.objects.filter(superseded_at__isnull=True)
    completions = (
        credited()
        .filter(person=person, completed_on__year=year)
        .select_related("edition", "course__organiser")
        .prefetch_related(Prefetch("certificates", queryset=newest, to_attr="newest"))
        .order_by("completed_on", "pk")
    )
    return Transcript(person, year, at, tuple(_line(one, one.newest) for one in completions))


def draw(transcript: Transcript, *, zone: str) -> bytes:
    """The sheet as PDF/UA-1, in Indonesian. `zone` names the time zone of its moment."""
    person = transcript.person
    with translation.override("id"):
        html = render_to_string(
            TEMPLATE,
            {
                "transcript": transcript,
                "person": person,
                "unit": person.unit,
                "agency": person.unit.agency if person.unit else None,
                "zone": zone,
                "nip": nip.grouped(person.nip or ""),
                "verify_at": f"{settings.SITE_URL.split('://', 1)[-1]}{reverse('verify')}",
            },
        )
    return draw_sheet(html, style=STYLE)


def _line(completion: Completion, certificates: list[Certificate]) -> Line:
    found = certificates[0] if certificates else None
    is_revoked = bool(found and found.revoked_at)
    is_valid = bool(found and found.published_at and not is_revoked)
    return Line(
        course=completion.edition.title,
        organiser=completion.course.organiser.short_name,
        completed_on=completion.completed_on,
        credit_hours=completion.credit_hours,
        number=found.number if found and is_valid else "",
        code=codes.grouped(found.code) if found and is_valid else "",
        is_revoked=is_revoked,
    )
