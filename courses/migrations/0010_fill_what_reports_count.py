from django.db import migrations
from django.db.models import F, OuterRef, Subquery


def fill(apps, schema_editor):
    """Course, and what the completion says. Counted hours follow once certificates told what was annulled."""
    enrolments = apps.get_model('courses', 'Enrolment').objects
    runs = apps.get_model('courses', 'Run').objects.filter(pk=OuterRef('run'))
    enrolments.update(course=Subquery(runs.values('course')[:1]))
    completion = apps.get_model('courses', 'Completion').objects.filter(enrolment=OuterRef('pk'))
    enrolments.filter(completion__isnull=False).update(
        completed_on=Subquery(completion.values('completed_on')[:1]),
        earned_unit=Subquery(completion.values('unit')[:1]),
        counted_hours=F('credit_hours'),
    )


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0009_what_reports_count'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
