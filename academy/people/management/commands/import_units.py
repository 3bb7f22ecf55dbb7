"""`manage.py import_units FILE --agency KODE [--dry-run] [--json]`: the unit tree of an agency from one file."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from academy.people.models import Agency
from academy.people.roster.outcome import RosterRefused
from academy.people.roster.unit_importing import import_units

PARTLY, REFUSED = 3, 2


class Command(BaseCommand):
    help = "Add missing units of one agency from a CSV or XLSX file. Exit codes: 0 all good, 3 some rows refused, 2 the file refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--agency", required=True, metavar="KODE")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
        parser.add_argument("--json", action="store_true", help="the last line is one JSON object")

    def handle(self, *args: Any, file: Path, agency: str, dry_run: bool, **options: Any) -> None:
        owner = Agency.objects.filter(code=agency).first()
        if owner is None:
            raise CommandError(f"There is no agency with the code {agency}.", returncode=REFUSED)
        if not file.is_file():
            raise CommandError(f"There is no file {file}.", returncode=REFUSED)
        try:
            outcome = import_units(file, agency=owner, by=None, at=timezone.now(), dry_run=dry_run)
        except RosterRefused as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"problem": str(refusal)}))
            raise CommandError(str(refusal), returncode=REFUSED) from None
        refusals = [vars(refusal) for refusal in outcome.refusals]
        if options["json"]:
            self.stdout.write(json.dumps(outcome.counts() | {"refusals": refusals}, ensure_ascii=False))
        else:
            self.stdout.write(", ".join(f"{name} {count}" for name, count in outcome.counts().items()))
            for each in refusals:
                self.stdout.write("{row}, {column} {value!r}: {message}".format(**each))
        if outcome.refused:
            sys.exit(PARTLY)
