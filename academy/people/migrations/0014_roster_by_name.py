from django.db import migrations

import academy.covering


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0013_roster_by_an_index"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="person",
            index=academy.covering.CoveringIndex(
                fields=["unit", "name", "id"], include=("kind", "is_active"), name="person_of_unit_by_name"
            ),
        ),
        migrations.RemoveIndex(
            model_name="person",
            name="person_of_unit",
        ),
    ]
