"""Compare every published file with the register: hashes, signature, credential, printed text, numbers, the store."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentTypeError
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from certificates import checking
from certificates.models import Certificate


class Command(BaseCommand):
    help = "Re-hash and re-validate published certificates and compare them with rows and numbers. Exit 1 if anything is found."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="findings as JSON lines, the last line is the summary")
        parser.add_argument("--sample", type=_count, metavar="N", help="only so many files, taken at random")
        parser.add_argument("--since", type=_day, metavar="DATE", help="only files published from this day on")

    def handle(self, *args: Any, sample: int | None, since: date | None, **options: Any) -> None:
        as_json: bool = options["json"]
        began, found = time.monotonic(), 0

        def tell(finding: checking.Finding) -> None:
            nonlocal found
            found += 1
            line = {"about": finding.about, "finding": finding.text}
            self.stdout.write(json.dumps(line, ensure_ascii=False) if as_json else f"{finding.about}: {finding.text}")

        with translation.override(settings.LANGUAGE_CODE):
            rows = checking.published(since=_begin_of(since) if since else None, sample=sample)
            checked = checking.each(rows, tell)
            for finding in (*checking.of_the_numbers(), *checking.of_the_store()):
                tell(finding)
            seconds = time.monotonic() - began
            waiting = Certificate.objects.live().filter(published_at=None).count()
            if as_json:
                summary = {"checked": checked, "findings": found, "waiting": waiting, "seconds": round(seconds, 1)}
                self.stdout.write(json.dumps(summary))
            else:
                figures = {"checked": checked, "found": found, "waiting": waiting, "seconds": f"{seconds:.1f}"}
                told = _("%(checked)s files checked, %(found)s findings, %(waiting)s not published yet; %(seconds)s s.")
                self.stdout.write(told % figures)
        if found:
            sys.exit(1)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ArgumentTypeError("a number from 1 on")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("a day such as 2026-11-30") from error


def _begin_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone.get_current_timezone_name()))
