"""Look after the keys that sign certificates: list them, replace the local one, mark one that fell into other hands."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from certificates import key_register
from certificates.models import SigningKey


class Command(BaseCommand):
    help = "List the signing keys, replace the installation's own one, or mark one as compromised."

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--replace", action="store_true", help="make a new local key, retire the one in use")
        choice.add_argument("--compromised", metavar="FINGERPRINT", help="mark a key, by 16 or more of its digits")

    def handle(self, *args: Any, replace: bool, compromised: str | None, **options: Any) -> None:
        try:
            if replace:
                key_register.replace_local(settings.SIGNING, at=timezone.now())
            if compromised:
                key_register.mark(key_register.find(compromised), SigningKey.State.COMPROMISED, at=timezone.now())
        except key_register.KeyRegisterError as error:
            raise CommandError(str(error)) from error
        for key in SigningKey.objects.order_by("valid_from", "pk"):
            until = f"{key.valid_until:%Y-%m-%d}" if key.valid_until else "-"
            self.stdout.write(f"{key.fingerprint[:16]}  {key.purpose}  {key.algorithm}  until {until}  {key.state}")
