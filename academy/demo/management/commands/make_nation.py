"""`manage.py make_nation`: very many synthetic learners in an empty database, for measuring reports."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from academy.demo.nation import make_nation, tidy


class Command(BaseCommand):
    help = "Fill an empty database with a synthetic nation of learners: for measuring, never on a real installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--learners", type=int, default=100_000)
        parser.add_argument("--per-learner", type=int, default=6, help="enrolments of each, a few fewer in the end")
        parser.add_argument("--seed", type=int, default=2026)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ENV.is_production:
            raise CommandError("This is a production (SITE_URL): nobody synthetic comes here.")
        if options["learners"] < 100 or options["per_learner"] < 1:
            raise CommandError("A nation has at least 100 learners, and each at least one enrolment.")
        try:
            nation = make_nation(
                learners=options["learners"],
                per_learner=options["per_learner"],
                seed=options["seed"],
                tell=self.stdout.write,
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        tidy()
        self.stdout.write(f"HR of the largest agency: {nation.officer.email}, without a password")
