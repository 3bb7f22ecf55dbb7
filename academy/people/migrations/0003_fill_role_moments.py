"""The first day begins at midnight where the unit lies; the last day counts to its end."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import migrations


def zone_of(role):
    return ZoneInfo(role.unit.agency.time_zone if role.unit else settings.TIME_ZONE)


def days_to_moments(apps, schema_editor):
    for role in apps.get_model("people", "Role").objects.select_related("unit__agency"):
        zone = zone_of(role)
        role.from_at = datetime.combine(role.from_on, time.min, tzinfo=zone)
        if role.until_on:
            role.until_at = datetime.combine(role.until_on + timedelta(days=1), time.min, tzinfo=zone)
        role.save(update_fields=["from_at", "until_at"])


def moments_to_days(apps, schema_editor):
    for role in apps.get_model("people", "Role").objects.select_related("unit__agency"):
        zone = zone_of(role)
        role.from_on = role.from_at.astimezone(zone).date()
        if role.until_at:
            role.until_on = (role.until_at - timedelta(microseconds=1)).astimezone(zone).date()
        role.save(update_fields=["from_on", "until_on"])


class Migration(migrations.Migration):
    dependencies = [("people", "0002_role_moments")]

    operations = [migrations.RunPython(days_to_moments, moments_to_days)]
