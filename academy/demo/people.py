"""About 400 made-up officials, unevenly spread as real governments are: a few large services, many small offices."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date

from django.db import transaction

from academy.people.models import Agency, Person, WorkUnit
from academy.people.placements import place

FEMALE = [
    "Maria",
    "Agnes",
    "Yuliana",
    "Kristina",
    "Fransiska",
    "Bernadeta",
    "Yosefina",
    "Theresia",
    "Katarina",
    "Margaretha",
    "Elisabet",
    "Magdalena",
    "Anastasia",
    "Veronika",
    "Regina",
    "Martha",
    "Ester",
    "Damaris",
    "Sarlota",
    "Imelda",
    "Wilhelmina",
    "Rosalia",
]
MALE = [
    "Yohanes",
    "Petrus",
    "Adrianus",
    "Antonius",
    "Fransiskus",
    "Kristoforus",
    "Benediktus",
    "Stefanus",
    "Marselinus",
    "Gregorius",
    "Dominikus",
    "Ignasius",
    "Vinsensius",
    "Yakobus",
    "Melkianus",
    "Semuel",
    "Daniel",
    "Markus",
    "Paulus",
    "Hendrikus",
    "Ambrosius",
    "Simon",
]
FAMILY = [
    "Tefa",
    "Bere",
    "Manek",
    "Lelo",
    "Kolo",
    "Seran",
    "Nahak",
    "Taek",
    "Benu",
    "Nope",
    "Fallo",
    "Ndun",
    "Riwu",
    "Djawa",
    "Lado",
    "Keraf",
    "Tukan",
    "Wangge",
    "Mbete",
    "Bria",
    "Klau",
    "Berek",
    "Amtiran",
    "Sabneno",
    "Tnunay",
    "Nenotek",
    "Lango",
    "Ngongo",
    "Bulu",
    "Dapa",
    "Malo",
    "Kaka",
    "Lay",
    "Mesakh",
    "Foeh",
    "Adoe",
    "Haning",
    "Saudale",
    "Ludji",
    "Rihi",
    "Dopong",
    "Maro",
    "Laba",
    "Hayon",
    "Kleden",
    "Koten",
    "Woso",
    "Mude",
    "Gae",
    "Siga",
    "Jehadun",
    "Jebarus",
    "Pandur",
    "Sudiyono",
]
TITLES = ["S.Kom.", "S.Sos.", "S.E.", "S.Pd.", "S.Kep., Ns.", "S.H.", "S.T.", "A.Md.", "S.AP.", "M.Si.", ""]
POSITIONS = [
    ("III/a", "Pranata Komputer Ahli Pertama"),
    ("III/b", "Analis Kebijakan Ahli Pertama"),
    ("III/c", "Perencana Ahli Muda"),
    ("II/c", "Pengadministrasi Perkantoran"),
    ("III/d", "Kepala Subbagian Umum"),
    ("IV/a", "Kepala Bidang"),
    ("III/a", "Guru Ahli Pertama"),
    ("II/d", "Perawat Terampil"),
    ("III/b", "Arsiparis Ahli Pertama"),
    ("IV/b", "Sekretaris Dinas"),
]
PPPK_POSITIONS = [("IX", "Guru Ahli Pertama"), ("IX", "Pranata Komputer Ahli Pertama"), ("VII", "Perawat Terampil")]

# How many people an agency gets. The rest of the agencies get SMALL_AGENCY; Sabu Raijua stays empty, as some do.
LARGE_AGENCIES = {"7700": 90, "7701": 75, "7771": 40, "7703": 20, "7711": 20, "7715": 18, "7708": 16}
SMALL_AGENCY = 8
EMPTY_AGENCIES = {"7720"}
LARGE_UNITS = ("Pendidikan", "Kesehatan", "SMP", "SMA", "SD ", "Puskesmas", "RSUD", "Sekretariat Daerah")


def ensure_people(*, today: date) -> list[Person]:
    """Make and place everybody who is missing; the same people every time."""
    dice = random.Random(27_000)  # noqa: S311  a repeatable cast, nothing secret
    people = []
    for agency in Agency.objects.order_by("code"):
        if agency.code in EMPTY_AGENCIES:
            continue
        units = list(WorkUnit.objects.filter(agency=agency, depth__gt=1))
        weights = [6 if unit.name.startswith(LARGE_UNITS) or "Pendidikan" in unit.name else 1 for unit in units]
        size = LARGE_AGENCIES.get(agency.code, SMALL_AGENCY)
        chosen_units = dice.choices(units, weights=weights, k=size)
        with transaction.atomic():
            for unit, fields in zip(chosen_units, _cast(dice), strict=False):
                people.append(_ensure_person(fields, unit=unit, today=today))
    return people


def _ensure_person(fields: dict[str, str], *, unit: WorkUnit, today: date) -> Person:
    person: Person
    person, created = Person.objects.get_or_create(nip=fields["nip"], defaults=fields)
    if created:
        person.set_unusable_password()
        person.save(update_fields=["password"])
        place(person, unit=unit, from_on=date(2025, 1, 1), today=today)
    return person


def _cast(dice: random.Random) -> Iterator[dict[str, str]]:
    """An endless row of made-up officials; a number that came before names the same person again."""
    while True:
        is_male = dice.random() < 0.44
        is_pppk = dice.random() < 0.36
        first, second = dice.sample(MALE if is_male else FEMALE, 2)
        given = f"{first} {second}" if dice.random() < 0.4 else first
        born = date(dice.randint(1968, 2000), dice.randint(1, 12), dice.randint(1, 28))
        appointed = min(born.year + dice.randint(22, 30), 2025)
        if is_pppk:
            middle = f"{max(appointed, 2021)}21"
            grade, position = dice.choice(PPPK_POSITIONS)
        else:
            middle = f"{appointed}{dice.choice([1, 3, 12]):02d}"
            grade, position = dice.choice(POSITIONS)
        yield {
            "name": f"{given} {dice.choice(FAMILY)}",
            "title_before": "Dr." if dice.random() < 0.02 else "",
            "title_after": dice.choice(TITLES),
            "nip": f"{born:%Y%m%d}{middle}{1 if is_male else 2}{dice.randint(1, 999):03d}",
            "kind": Person.Kind.PPPK if is_pppk else Person.Kind.PNS,
            "grade": grade,
            "position": position,
        }
