from datetime import date

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0003_fill_role_moments")]

    operations = [
        # The default serves the way back only: the column then exists before it is filled.
        migrations.AlterField("role", "from_on", models.DateField(default=date(2025, 1, 1), verbose_name="from")),
        migrations.RemoveField("role", "from_on"),
        migrations.RemoveField("role", "until_on"),
    ]
