"""`manage.py count_agencies`: count the figures of every agency anew at once, as rounds of the clock do in turns."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from academy.reports.rollup.refreshing import rebuild


class Command(BaseCommand):
    help = "Count the figures of every agency and year anew, which the worker otherwise does in turns."

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        counted = rebuild(at=timezone.now())
        self.stdout.write(f"{counted} agencies and years in {time.monotonic() - began:.1f} s")
