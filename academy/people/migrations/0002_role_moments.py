from datetime import UTC, datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    """A role begins and ends at a moment, no longer on a day."""

    dependencies = [("people", "0001_initial")]

    operations = [
        migrations.AddField("role", "from_at", models.DateTimeField(default=datetime(2025, 1, 1, tzinfo=UTC), verbose_name="from"), preserve_default=False),
        migrations.AddField("role", "until_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
    ]
