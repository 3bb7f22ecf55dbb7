import django.db.models.deletion
from django.db import migrations, models

import academy.covering


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0010_fill_what_reports_count'),
    ]

    operations = [
        migrations.AlterField(
            model_name='enrolment',
            name='course',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='courses.course'),
        ),
        migrations.AddField(
            model_name='enrolment',
            name='reached',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(certified_at__isnull=False, then=models.Value(3)), models.When(completed_on__isnull=False, then=models.Value(2)), models.When(started_at__isnull=False, then=models.Value(1)), default=models.Value(0)), output_field=models.SmallIntegerField(choices=[(0, 'Not started'), (1, 'Running'), (2, 'Finished'), (3, 'Certified')])),
        ),
        migrations.AddIndex(
            model_name='enrolment',
            index=academy.covering.CoveringIndex(condition=models.Q(('withdrawn_at__isnull', True)), fields=['unit', 'course', 'person'], include=('reached', 'enrolled_at', 'completed_on', 'counted_hours'), name='enrolment_of_unit'),
        ),
        migrations.AddIndex(
            model_name='enrolment',
            index=academy.covering.CoveringIndex(condition=models.Q(('completed_on__isnull', False)), fields=['earned_unit', 'course', 'person'], include=('reached', 'completed_on', 'counted_hours'), name='enrolment_earned_in_unit'),
        ),
    ]
