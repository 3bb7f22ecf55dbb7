from django.db import migrations

# Of every activity done and every attempt, in one statement: those that the edition has, and the latest moment.
FILL = """
    INSERT INTO courses_enrolmentprogress (enrolment_id, percent, last_active_at)
    SELECT enrolment.id,
           COALESCE(100 * COUNT(activity.id) / NULLIF(
               (SELECT COUNT(*) FROM courses_editionactivity AS every WHERE every.edition_id = enrolment.edition_id), 0
           ), 0),
           MAX(fact.moment)
    FROM (
        SELECT enrolment_id, activity, done_at AS moment FROM courses_activityprogress
        UNION ALL
        SELECT enrolment_id, NULL, COALESCE(submitted_at, started_at) FROM courses_attempt
    ) AS fact
    JOIN courses_enrolment AS enrolment ON enrolment.id = fact.enrolment_id
    LEFT JOIN courses_editionactivity AS activity
           ON activity.edition_id = enrolment.edition_id AND activity.activity = fact.activity
    GROUP BY enrolment.id
"""


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(FILL)


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0013_progress_kept'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
