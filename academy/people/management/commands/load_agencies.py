"""`manage.py load_agencies`: the province of NTT, its regencies and cities, their units, and BPSDMD as organiser."""

from typing import Any

from django.core.management.base import BaseCommand

from academy.people.seed import load_agencies


class Command(BaseCommand):
    help = "Load the agencies and units of Nusa Tenggara Timur; a repeat changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        group = load_agencies()
        self.stdout.write(f"{group}: {group.agencies.count()} agencies")
