"""`manage.py import_course`: take in a package that `export_course` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from courses.curriculum_loading import OrganiserMissing, organiser_named
from courses.package_guard import PackageRefused
from courses.package_import import import_package, preview, read_package


class Command(BaseCommand):
    help = "Load a course package as published pages and questions; an edition is proposed in the CMS afterwards."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the package (ZIP)")
        parser.add_argument("--organiser", metavar="CODE", required=True, help="who runs the course")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            organiser = organiser_named(options["organiser"])
            with read_package(options["file"]) as package:
                if options["dry_run"]:
                    changes = preview(package, organiser)
                else:
                    changes = import_package(package, organiser, by=None)
        except (PackageRefused, OrganiserMissing, OSError) as error:
            raise CommandError(str(error)) from error
        for line in [*changes.written, *changes.kept]:
            self.stdout.write(line)
        self.stdout.write(f"{len(changes.written)} changes{', none of them written' if options['dry_run'] else ''}.")
