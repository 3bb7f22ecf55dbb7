"""`manage.py import_roster FILE --agency KODE`: load a roster; exit 0 all good, 3 some rows refused, 2 refused whole."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.people.models import Agency
from academy.people.roster.headings import FIELDS
from academy.people.roster.importing import import_roster
from academy.people.roster.outcome import Options, Outcome, Refusal, RosterRefused

PARTLY, WHOLE = 3, 2


class Command(BaseCommand):
    help = "Load a roster (CSV or XLSX) of an agency. Exit code 0: all rows good; 3: some refused; 2: refused whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--agency", required=True, metavar="KODE", help="the agency's code, such as 7701")
        parser.add_argument("--dry-run", action="store_true", help="count and name everything, write nothing")
        parser.add_argument("--json", action="store_true", help="the last line is one object with counts and refusals")
        parser.add_argument("--strict", action="store_true", help="accept no row if one is refused")
        parser.add_argument("--create-units", action="store_true", help="make units that are not known")
        parser.add_argument("--deactivate-gone", action="store_true", help="make people missing from the file inactive")
        parser.add_argument("--map", action="append", default=[], metavar="HEADING=field", help=", ".join(FIELDS))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = self._import(**options)
        except RosterRefused as refused:
            outcome = Outcome(refusals=(Refusal(0, "", options["file"].name, str(refused)),))
        self._tell(outcome, as_json=options["json"])
        if not outcome.read or outcome.refused == outcome.read:
            raise SystemExit(WHOLE)
        if outcome.refused:
            raise SystemExit(PARTLY)

    def _import(self, **options: Any) -> Outcome:
        agency = Agency.objects.filter(code=options["agency"]).first()
        if agency is None:
            raise RosterRefused(_("No agency has the code %(code)s.") % {"code": options["agency"]})
        if not options["file"].is_file():
            raise RosterRefused(_("There is no such file."))
        return import_roster(
            options["file"],
            agency=agency,
            options=Options(
                create_units=options["create_units"],
                strict=options["strict"],
                deactivate_gone=options["deactivate_gone"],
                mapping=_mapping(options["map"]),
            ),
            by=None,
            at=timezone.now(),
            dry_run=options["dry_run"],
        )

    def _tell(self, outcome: Outcome, *, as_json: bool) -> None:
        for note in (*outcome.refusals, *outcome.warnings):
            place = _("Row %(row)d, %(column)s") % {"row": note.row, "column": note.column} if note.row else note.value
            self.stderr.write(f"{place}: {note.message}")
        self.stdout.write(", ".join(f"{name} {count}" for name, count in outcome.counts().items()))
        if as_json:
            refusals = [asdict(refusal) for refusal in outcome.refusals]
            self.stdout.write(json.dumps(outcome.counts() | {"refusals": refusals}, ensure_ascii=False))


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        heading, _sign, field = pair.rpartition("=")
        if field not in FIELDS:
            raise RosterRefused(
                _("--map takes HEADING=field, where field is one of: %(fields)s.") % {"fields": ", ".join(FIELDS)}
            )
        mapping[heading] = field
    return mapping
