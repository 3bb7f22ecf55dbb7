"""Transfers recorded before names were kept take the name of today."""

from django.db import migrations


def fill(apps, schema_editor):
    Transfer = apps.get_model("people", "Transfer")
    for transfer in Transfer.objects.filter(name="").select_related("person"):
        person = transfer.person
        after = f", {person.title_after}" if person.title_after else ""
        transfer.name = f"{person.title_before} {person.name}".strip() + after
        transfer.save(update_fields=["name"])


class Migration(migrations.Migration):
    dependencies = [("people", "0009_transfer_name_and_replacing_codes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
