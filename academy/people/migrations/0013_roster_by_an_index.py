import academy.covering
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('people', '0012_access_log_units'),
    ]

    operations = [
        migrations.AlterField(
            model_name='person',
            name='unit',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='people.workunit', verbose_name='work unit'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=academy.covering.CoveringIndex(fields=['unit'], include=('kind', 'is_active', 'id'), name='person_of_unit'),
        ),
    ]
