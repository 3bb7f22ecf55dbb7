"""`manage.py load_curriculum`: the courses kept as files, as pages in the CMS and as editions to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from academy.pages.content_files import ContentError
from academy.pages.loading import Loading
from courses.curriculum_files import CURRICULUM, course_keys, read_course, read_legal_references
from courses.curriculum_loading import OrganiserMissing, load_catalog, load_course, load_legal_references
from courses.publishing import EditionInvalid
from courses.trainers import ensure_all_groups


class Command(BaseCommand):
    help = "Load the curriculum into the CMS and publish editions; a repeat changes nothing, edits in the CMS are kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--course", metavar="KEY", help="only this course (the name of its folder)")
        parser.add_argument("--overwrite", action="store_true", help="also overwrite what was edited in the CMS")
        parser.add_argument("--organiser", metavar="CODE", help="who runs the courses, instead of what the files say")
        parser.add_argument("--folder", type=Path, default=CURRICULUM, help="where the curriculum lies")

    def handle(self, *args: Any, **options: Any) -> None:
        loading = Loading(say=self.stdout.write, overwrite=options["overwrite"])
        if options["verbosity"] > 1:
            loading.detail = self.stdout.write
        try:
            self._load(loading, options["folder"], options["course"], options["organiser"])
        except (ContentError, EditionInvalid, OrganiserMissing) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Curriculum loaded, {loading.changed} changes.")

    def _load(self, loading: Loading, folder: Path, only: str | None, organiser: str | None) -> None:
        keys = course_keys(folder)
        if only is not None and only not in keys:
            raise CommandError(f"There is no course {only} in {folder}. There are: {', '.join(keys)}")
        # Everything is read before anything is written: a mistake in the last file leaves no half curriculum.
        references = read_legal_references(folder)
        known = {reference.key for reference in references}
        courses = [read_course(folder, key, legal_keys=known) for key in keys if only in (None, key)]
        loaded = load_legal_references(loading, references)
        catalog = load_catalog(loading)
        for course in courses:
            load_course(
                loading,
                course,
                catalog=catalog,
                references=loaded,
                organiser_code=organiser or course.organiser,
                at=timezone.now(),
            )
        ensure_all_groups()
