"""The accounts that `make demo` prints (deploy/serve.py says what each sees). Never made anywhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import transaction

from academy.people.models import AgencyGroup, Person, Role, WorkUnit
from academy.people.placements import place

START = datetime(2025, 1, 1, tzinfo=UTC)
DEFAULT_PASSWORD = "belajar-digital"  # noqa: S105  printed on the screen by `make demo`


@dataclass(frozen=True)
class Account:
    """`unit` is (agency code, name of a unit below the root)."""

    email: str
    name: str
    title_after: str
    nip: str | None
    position: str
    unit: tuple[str, str] | None


LEARNER = Account(
    "peserta@demo.test",
    "Maria Yuliana Tefa",
    "S.Kom.",
    "199407122020122003",
    "Pranata Komputer Ahli Pertama",
    ("7701", "Dinas Komunikasi dan Informatika"),
)
TRAINER = Account(
    "pengajar@demo.test",
    "Adrianus Lelo",
    "S.T., M.Kom.",
    "198505172010011004",
    "Widyaiswara Ahli Muda",
    ("7700", "Badan Pengembangan Sumber Daya Manusia Daerah"),
)
HR_PROVINCE = Account(
    "hr.provinsi@demo.test",
    "Bernadeta Kolo",
    "S.Sos., M.AP.",
    "197911032005012007",
    "Analis SDM Aparatur Ahli Muda",
    ("7700", "Badan Kepegawaian Daerah"),
)
HR_KUPANG = Account(
    "hr.kabkupang@demo.test",
    "Yohanes Amtiran",
    "S.AP.",
    "198802282014031002",
    "Analis SDM Aparatur Ahli Pertama",
    ("7701", "Badan Kepegawaian dan Pengembangan SDM"),
)
ADMIN = Account("admin@demo.test", "Administrator Akademi", "", None, "", None)
ACCOUNTS = [LEARNER, TRAINER, HR_PROVINCE, HR_KUPANG, ADMIN]


def password() -> str:
    return os.environ.get("DEMO_PASSWORD") or DEFAULT_PASSWORD


@transaction.atomic
def ensure_accounts(group: AgencyGroup, *, today: date) -> dict[str, Person]:
    """Make the accounts that are missing and set the password of the day; returns them by e-mail."""
    people = {account.email: _ensure_account(account, today=today) for account in ACCOUNTS}
    _ensure_role(people[TRAINER.email], Role.Kind.TRAINER, unit=people[TRAINER.email].unit)
    root = WorkUnit.objects.get(agency__code="7701", depth=1)
    _ensure_role(people[HR_KUPANG.email], Role.Kind.HR, unit=root)
    _ensure_role(people[HR_PROVINCE.email], Role.Kind.HR, group=group)
    return people


def _ensure_account(account: Account, *, today: date) -> Person:
    is_admin = account is ADMIN
    person: Person
    person, created = Person.objects.get_or_create(
        email=account.email,
        defaults={
            "name": account.name,
            "title_after": account.title_after,
            "nip": account.nip,
            "position": account.position,
            "grade": "" if is_admin else "III/b",
            "kind": Person.Kind.OTHER if is_admin else Person.Kind.PNS,
            "is_staff": is_admin,
            "is_superuser": is_admin,
        },
    )
    if created and account.unit:
        code, name = account.unit
        unit = WorkUnit.objects.get(agency__code=code, depth=2, name=name)
        place(person, unit=unit, from_on=date(2025, 1, 1), today=today)
    if not person.check_password(password()):
        person.set_password(password())
        person.save(update_fields=["password"])
    return person


def _ensure_role(
    person: Person, kind: Role.Kind, *, unit: WorkUnit | None = None, group: AgencyGroup | None = None
) -> None:
    Role.objects.get_or_create(person=person, kind=kind, unit=unit, group=group, defaults={"from_at": START})
