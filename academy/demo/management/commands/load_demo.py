"""`manage.py load_demo`: the demo academy, made by the real actions. A repeat keeps everything."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from academy.demo.build import build


class Command(BaseCommand):
    help = "Build the demo academy with synthetic people; never run this on a real installation."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ENV.is_production:
            raise CommandError("This is a production (SITE_URL): no demo people with a published password here.")
        build(now=timezone.now(), tell=self.stdout.write)
