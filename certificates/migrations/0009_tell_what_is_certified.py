from collections import defaultdict

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """Say at the enrolment what is certified and what credit was annulled, and count the hours of every year."""
    Certificate = apps.get_model('certificates', 'Certificate')
    Completion = apps.get_model('courses', 'Completion')
    Enrolment = apps.get_model('courses', 'Enrolment')
    LearnerYear = apps.get_model('courses', 'LearnerYear')
    live = Certificate.objects.filter(
        completion__enrolment=OuterRef('pk'),
        revoked_at__isnull=True, superseded_at__isnull=True, published_at__isnull=False,
    )
    Enrolment.objects.update(certified_at=Subquery(live.values('published_at')[:1]))
    annulled = Certificate.objects.filter(completion=OuterRef('pk'), revoked_at__isnull=False, annuls_credit=True)
    Completion.objects.update(credit_annulled_at=Subquery(annulled.values('revoked_at')[:1]))

    best, hours = {}, defaultdict(int)
    rows = Completion.objects.order_by('pk').values_list(
        'person', 'course', 'completed_on', 'credit_hours', 'credit_annulled_at', 'enrolment'
    )
    nothing = []
    for person, course, day, credit, annulled_at, enrolment in rows.iterator():
        hours[person, day.year] += 0
        pair = (person, course, day.year)
        if annulled_at or (pair in best and credit < best[pair][0]):
            nothing.append(enrolment)
        else:
            if pair in best:
                nothing.append(best[pair][1])
            best[pair] = (credit, enrolment)
    for start in range(0, len(nothing), 500):
        Enrolment.objects.filter(pk__in=nothing[start:start + 500]).update(counted_hours=0)
    for (person, _course, year), (credit, _enrolment) in best.items():
        hours[person, year] += credit
    units = dict(Enrolment.objects.filter(completed_on__isnull=False).values_list('person', 'unit'))
    agencies = dict(Enrolment.objects.filter(completed_on__isnull=False).values_list('person', 'agency'))
    LearnerYear.objects.bulk_create(
        [
            LearnerYear(
                person_id=person, year=year, unit_id=units.get(person), agency_id=agencies.get(person), credit_hours=total
            )
            for (person, year), total in hours.items()
        ],
        batch_size=1000,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('certificates', '0008_declining'),
        ('courses', '0011_what_reports_count_stands'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
