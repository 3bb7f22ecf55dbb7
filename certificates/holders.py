"""Photo and birth data that a learner gives to be printed, and takes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from academy.people import nip
from academy.people.models import Person
from certificates.facts import Given
from certificates.models import HolderDetails, PrintedAsset, Template
from certificates.pictures import Picture

LONGEST_PLACE = 40  # as long as the drafts that templates are checked with
# Letters that the fonts of certificates have: what is printed stays, and a sign without a letter breaks PDF/A.
PLACE = r"\A[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f .,'\u2019()\-]+\Z"


@transaction.atomic
def keep_birth(person: Person, *, place: str, born_on: date | None, at: datetime) -> None:
    """What was given replaces what was there; nothing at all takes it back."""
    HolderDetails.objects.update_or_create(
        person=person, defaults={"birth_place": place, "born_on": born_on, "changed_at": at}
    )
    _forget_if_empty(person)


@transaction.atomic
def keep_photo(person: Person, photo: Picture, *, at: datetime) -> None:
    HolderDetails.objects.update_or_create(person=person, defaults={"photo": photo.content, "changed_at": at})


@transaction.atomic
def forget_photo(person: Person, *, at: datetime) -> None:
    """What is printed already stays printed."""
    HolderDetails.objects.filter(person=person).update(photo=None, changed_at=at)
    _forget_if_empty(person)


def are_wanted(person: Person) -> bool:
    """Whether some template prints what holders give, or this person gave something and may take it back. One query."""
    printing = Template.objects.filter(Q(print_photo=True) | Q(print_birth=True)).values("pk")
    return printing.union(HolderDetails.objects.filter(person=person).values("pk")).exists()


def details_of(person: Person) -> HolderDetails | None:
    return HolderDetails.objects.filter(person=person).first()


def given_by(person: Person, template: Mapping[str, Any]) -> Given:
    """What this template prints of what this person gave. A photo is kept for good as soon as it is printed."""
    if not (template["print_photo"] or template["print_birth"]):
        return Given()
    details = details_of(person)
    if details is None:
        return Given()
    sha256 = ""
    if template["print_photo"] and details.photo:
        picture = Picture(bytes(details.photo), "image/jpeg")
        sha256 = picture.sha256
        PrintedAsset.objects.get_or_create(
            sha256=sha256, defaults={"media_type": picture.media_type, "content": picture.content}
        )
    born_on = details.born_on.isoformat() if details.born_on else ""
    return Given(photo=sha256, birth_place=details.birth_place, born_on=born_on)


def born_on_of_nip(digits: str | None) -> date | None:
    """The birth date in a NIP, if it is one."""
    try:
        return nip.parse(digits).born_on if digits else None
    except nip.InvalidNip:
        return None


def _forget_if_empty(person: Person) -> None:
    HolderDetails.objects.filter(person=person, photo__isnull=True, birth_place="", born_on__isnull=True).delete()
