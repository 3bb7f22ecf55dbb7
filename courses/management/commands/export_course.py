"""`manage.py export_course`: a course as a package that another installation takes in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from courses.models import Course
from courses.packaging import CannotExport, export_course


class Command(BaseCommand):
    help = "Write the published pages, questions and files of a course into a package (ZIP)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the key of the course")
        parser.add_argument("file", type=Path, help="where the package is written")

    def handle(self, *args: Any, **options: Any) -> None:
        course = Course.objects.filter(key=options["key"]).first()
        if course is None:
            raise CommandError(f"There is no course {options['key']}.")
        try:
            options["file"].write_bytes(export_course(course))
        except (CannotExport, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Written: {options['file']}")
