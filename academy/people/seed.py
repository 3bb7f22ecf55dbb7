"""Agencies, their units and the organiser of a province, from a readable file. Loading twice equals loading once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from academy.people import units
from academy.people.models import Agency, AgencyGroup, Organiser, WorkUnit

NTT = Path(__file__).parent / "data" / "ntt.yaml"


@transaction.atomic
def load_agencies(file: Path = NTT) -> AgencyGroup:
    """Make what the file names and is missing; what exists keeps its later edits. Returns the group of all agencies."""
    data = yaml.safe_load(file.read_text())
    province = _ensure_agency(data["province"] | {"kind": Agency.Kind.PROVINCE}, data["province"]["units"])
    agencies = [province]
    for entry in data["regencies"]:
        names = {
            name.format(**entry): [child.format(**entry) for child in children]
            for name, children in data["regency_units"].items()
        }
        agencies.append(_ensure_agency(entry, names))
    group, _created = AgencyGroup.objects.get_or_create(name=data["group"])
    group.agencies.add(*agencies)
    _ensure_organiser(data["organiser"])
    return group


def _ensure_agency(entry: dict[str, Any], names: dict[str, list[str]]) -> Agency:
    agency, _created = Agency.objects.get_or_create(
        code=entry["code"], defaults={"kind": entry["kind"], "name": entry["name"], "siasn_id": entry["siasn_id"]}
    )
    root = units.ensure_root(agency)
    for name, children in names.items():
        unit = units.ensure_unit(root, name)
        for child in children:
            units.ensure_unit(unit, child)
    return agency


def _ensure_organiser(entry: dict[str, Any]) -> Organiser:
    unit = WorkUnit.objects.get(agency__code=entry["agency"], depth=2, name=entry["unit"])
    printed = {key: value for key, value in entry.items() if key not in {"code", "agency", "unit"}}
    organiser, _created = Organiser.objects.get_or_create(code=entry["code"], defaults={"unit": unit, **printed})
    return organiser
