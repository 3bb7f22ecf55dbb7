"""Recount every stored number from the facts and name the rows that differ."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from academy.reports import reconciliation
from academy.reports.recounts import Difference


class Command(BaseCommand):
    help = "Recount every stored number from the facts and name the rows that differ. Exit 1 if any are left, 2 if it could not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="write anew what only repeats facts")
        parser.add_argument("--json", action="store_true", help="one JSON line a difference, the last is the summary")

    def handle(self, *args: Any, mend: bool, **options: Any) -> None:
        as_json: bool = options["json"]

        def told(difference: Difference) -> None:
            line = (
                json.dumps(difference.as_json(), ensure_ascii=False)
                if as_json
                else _("%(kind)s %(key)s, person %(person)s: stored “%(stored)s”, recounted “%(counted)s”")
                % difference.as_json()
            )
            self.stdout.write(line)

        with translation.override(settings.LANGUAGE_CODE):
            asked = reconciliation.ask(by=None, mends=mend, at=timezone.now())
            try:
                run = reconciliation.carry_out(asked, clock=timezone.now, told=told)
            except reconciliation.AlreadyRunning:
                raise CommandError("The numbers are being checked at this moment.", returncode=2) from None
            if run.problem:
                raise CommandError(f"The numbers could not be checked: {run.problem}", returncode=2)
            summary = {"checked": run.checked, "differences": run.differences, "mended": run.mended}
            if as_json:
                self.stdout.write(json.dumps(summary))
            else:
                rows = sum(run.checked.values())
                told_rows = _("%(rows)s rows checked, %(differences)s differences, %(mended)s mended.")
                self.stdout.write(told_rows % (summary | {"rows": rows}))
        if run.left:
            sys.exit(1)
