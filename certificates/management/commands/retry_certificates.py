"""Let the workers take up again the certificates that were set aside after too many tries."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from certificates import issuing


class Command(BaseCommand):
    help = "Show the certificates that were set aside with their last error, and with --again let the sweep retry them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="retry them all")

    def handle(self, *args: Any, again: bool, **options: Any) -> None:
        waiting = issuing.set_aside()
        for certificate in waiting.order_by("pk"):
            self.stdout.write(f"{certificate.pk}  {certificate.number}  {certificate.last_error}")
        if again:
            self.stdout.write(f"{issuing.try_again(waiting)} will be tried again.")
        else:
            self.stdout.write(f"{waiting.count()} set aside.")
