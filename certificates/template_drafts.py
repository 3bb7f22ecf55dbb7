"""Drafts of a certificate for preview and checks: the organiser's own data, but nobody's name or NIP."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Length
from django.utils import timezone
from PIL import Image, ImageDraw

from academy.people.models import Organiser
from certificates import facts as all_facts
from certificates import number_formats, pictures, wording
from certificates.facts import CertificateFacts, LogoFacts, ModuleFacts
from certificates.pictures import Picture
from courses.models import Completion, Edition
from courses.validity import last_day

USUAL, LONGEST, SHORTEST = "biasa", "terpanjang", "terpendek"
KINDS = (USUAL, LONGEST, SHORTEST)
CODE = "0000000000000000"  # no certificate has it: its verification answers "unknown"
# Bounds of what drawing promises, in letters that few fonts have (tests: a name of 80 characters stays on one line).
LONGEST_NAME = "Prof. Dr. Ir. Žofia-Ångström Đặng Ğüneş Nguyễn Łukasiewicz-Tefas, S.Kom., M.Kom."
LONG_POSITION = "Kepala Seksi Pengembangan dan Pengelolaan Infrastruktur Teknologi Informasi serta Persandian"
LONG_UNIT = "Bidang Penyelenggaraan Sistem Pemerintahan Berbasis Elektronik, Persandian, dan Statistik Sektoral"
LONG_AGENCY = "Pemerintah Kabupaten Timor Tengah Selatan"
LONGEST_BIRTH_PLACE = "Nunbena, Kab. Timor Tengah Selatan (NTT)"  # as long as holders.LONGEST_PLACE
MANY_MODULES = 20  # more than one page of them
LONG_RUN = "Angkatan XXXVIII Tahun 2026"
LONG_COURSE = (
    "Penyelenggaraan Sistem Pemerintahan Berbasis Elektronik dan Pelayanan Publik Digital bagi Aparatur Sipil Negara"
)


@dataclass(frozen=True)
class Draft:
    """`kind` is one of KINDS; `assets` are the bytes of the pictures its facts name."""

    kind: str
    facts: CertificateFacts
    assets: Mapping[str, bytes]


def of(organiser: Organiser, content: Mapping[str, Any], printed: Mapping[str, Picture]) -> list[Draft]:
    """The three drafts of a template's content."""
    return [draft(kind, organiser, content, printed) for kind in KINDS]


def draft(kind: str, organiser: Organiser, content: Mapping[str, Any], printed: Mapping[str, Picture]) -> Draft:
    photo = _photo() if content["print_photo"] and kind != SHORTEST else None
    facts = _facts(kind, organiser, content)
    if photo is not None:
        facts = replace(facts, photo=photo.sha256)
    if content["print_birth"] and kind != SHORTEST:
        facts = replace(facts, birth_place=LONGEST_BIRTH_PLACE if kind == LONGEST else "Kupang", born_on="1994-09-30")
    facts = all_facts.fill(facts, opening=content["opening"], details=content["details"])
    assets = {sha256: picture.content for sha256, picture in printed.items()}
    return Draft(kind, facts, assets | ({photo.sha256: photo.content} if photo else {}))


def _facts(kind: str, organiser: Organiser, content: Mapping[str, Any]) -> CertificateFacts:
    today = timezone.localdate()
    edition = _edition(kind, organiser)
    modules = all_facts.modules_of(edition) if edition else (ModuleFacts("Pengantar", 4, 135, "3"),)
    credit_hours = edition.credit_hours if edition else 3
    if kind == LONGEST:
        times = -(-MANY_MODULES // len(modules))
        modules, credit_hours = modules * times, credit_hours * times
    first, last = _days(kind, today)
    passed = content["kind"] == all_facts.PASSED
    is_short = kind == SHORTEST
    title = edition.title if edition else "Tanda Tangan Elektronik"
    months = 12 if kind == LONGEST else edition and edition.validity_months  # any course may end one day
    sequence = 99_999 if kind == LONGEST else 412
    return CertificateFacts(
        title=content["title"],
        kind=content["kind"],
        outcome=content["outcome"],
        opening="",
        lead_in=content["lead_in"],
        details="",
        number=number_formats.write(
            content["number_format"], sequence=sequence, organiser_code=organiser.code, issued_on=last
        ),
        code=CODE,
        site_url=settings.SITE_URL,
        name={USUAL: "Maria Yuliana Contoh, S.Kom.", LONGEST: LONGEST_NAME, SHORTEST: "Ita"}[kind],
        nip="" if is_short else "199409302020122003",
        grade="" if is_short else wording.rank_and_grade("III/a"),
        position=_text(kind, organiser, "person__position", "Pranata Komputer Ahli Pertama", LONG_POSITION),
        unit=_text(kind, organiser, "unit__name", "Dinas Komunikasi dan Informatika", LONG_UNIT),
        agency=_text(kind, organiser, "agency__name", "Pemerintah Kabupaten Kupang", LONG_AGENCY),
        course=max(title, LONG_COURSE, key=len) if kind == LONGEST else title,
        edition=edition.number if edition else "1.0",
        run=LONG_RUN if kind == LONGEST else f"Angkatan I Tahun {last.year}",
        learned_from=first.isoformat(),
        completed_on=last.isoformat(),
        valid_until=last_day(last, months=months).isoformat() if passed and months else "",
        credit_hours=credit_hours,
        credit_hours_in_words=wording.in_words(credit_hours),
        score="86.67" if passed else "",
        pass_mark="70" if passed else "",
        modules=modules,
        government=organiser.government_name,
        organiser=organiser.name,
        organiser_short=organiser.short_name,
        place=content["place"],
        issued_on=last.isoformat(),
        signatory=content["signatory"],
        signatory_nip=content["signatory_nip"],
        signatory_position=content["signatory_position"],
        on_behalf_of=content["on_behalf_of"],
        logos=tuple(LogoFacts(**logo) for logo in content["logos"]),
        photo="",
        birth_place="",
        born_on="",
        signed_by=settings.SIGNING.backend,
        template="konsep",
        template_version=all_facts.TEMPLATE_VERSION,
    )


def _days(kind: str, today: date) -> tuple[date, date]:
    """First and last day of learning; the longest way to write them names two years."""
    if kind == LONGEST:
        return date(today.year - 1, 9, 28), date(today.year, 9, 30)
    return (today, today) if kind == SHORTEST else (today - timedelta(days=14), today)


def _edition(kind: str, organiser: Organiser) -> Edition | None:
    """The organiser's own edition with the longest or the shortest title, or the newest one."""
    editions = Edition.objects.filter(course__organiser=organiser).annotate(length=Length("title"))
    order = {LONGEST: "-length", SHORTEST: "length", USUAL: "-pk"}[kind]
    found: Edition | None = editions.order_by(order, "-pk").first()
    return found


def _text(kind: str, organiser: Organiser, path: str, usual: str, long: str) -> str:
    """Empty, usual, or the longest of what is promised and what the organiser's certificates have."""
    if kind == LONGEST:
        return max(long, _longest(organiser, path), key=len)
    return "" if kind == SHORTEST else usual


def _longest(organiser: Organiser, path: str) -> str:
    completions = Completion.objects.filter(course__organiser=organiser).annotate(length=Length(path))
    found = completions.filter(length__gt=0).order_by("-length").values_list(path, flat=True).first()
    return str(found or "")


def _photo() -> Picture:
    """A grey head and shoulders, in place of a face."""
    image = Image.new("RGB", (300, 400), "#DED8CB")
    drawing = ImageDraw.Draw(image)
    drawing.ellipse((95, 80, 205, 210), fill="#868074")
    drawing.ellipse((45, 235, 255, 560), fill="#868074")
    written = io.BytesIO()
    image.save(written, "PNG")
    written.seek(0)
    return pictures.photo(written)
