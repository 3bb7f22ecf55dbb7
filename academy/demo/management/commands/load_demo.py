"""`manage.py load_demo`: the demo academy, made by the real actions. A repeat keeps everything."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from academy.demo.build import build


class Command(BaseCommand):
    help = "Build the demo academy with synthetic people; never run this on a real installation."

    def handle(self, *args: Any, **options: Any) -> None:
        build(now=timezone.now(), tell=self.stdout.write)
