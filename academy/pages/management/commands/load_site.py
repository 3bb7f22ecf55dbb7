"""`manage.py load_site`: the home page, the site's address and the ordinary pages."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from academy.pages.content_files import ContentError
from academy.pages.loading import Loading
from academy.pages.site_content import contact_email, load_site
from academy.people.models import Organiser


class Command(BaseCommand):
    help = "Load the home page and the ordinary pages; a repeat changes nothing, edits in the CMS are kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--overwrite", action="store_true", help="also overwrite what was edited in the CMS")
        parser.add_argument("--contact-email", default=contact_email(), help="where readers write for help")

    def handle(self, *args: Any, **options: Any) -> None:
        organiser = Organiser.objects.order_by("pk").first()
        loading = Loading(say=self.stdout.write, overwrite=options["overwrite"])
        if options["verbosity"] > 1:
            loading.detail = self.stdout.write
        placeholders = {
            "organiser_name": organiser.name if organiser else "penyelenggara pelatihan",
            "contact_email": options["contact_email"],
        }
        try:
            load_site(loading, placeholders=placeholders)
        except ContentError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Site loaded, {loading.changed} changes.")
