"""What the benchmark asks its academy, in the academy's own process: people with work to do, and counts."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from academy.people.models import Person
from certificates.models import Certificate
from courses.attempts import submit_attempt
from courses.enrolment import edition_to_begin, enrol
from courses.models import (
    ActivityKind,
    ActivityProgress,
    Attempt,
    Completion,
    Course,
    EditionActivity,
    Enrolment,
)
from tests.bench.drawing_naively import draw_naively  # noqa: F401
from tests.bench.load import CSRF
from tests.bench.roster_rounds import (  # noqa: F401  asked for by name
    peak_of_an_import,
    prepare_rosters,
    read_xlsx,
    roster_round,
)
from tests.end_to_end.inside import make_candidates, make_people, make_sessions  # noqa: F401  the first by name
from tests.factories import make_completion

COURSE = "dasar-spbe"
TRANSACTION_WORDS = {"BEGIN", "COMMIT", "ROLLBACK"}


def make_bench_learners(*, prefix: str, count: int) -> list[dict[str, Any]]:
    """Signed-in learners with a fresh enrolment each: session, enrolment and the lessons in order."""
    people = make_people(prefix=prefix, count=count, sign_in=False)
    sessions = make_sessions(people=[each["id"] for each in people])
    enrolments = [_enrol(each["id"]) for each in people]
    lessons = EditionActivity.objects.filter(edition=enrolments[0].edition, kind=ActivityKind.LESSON)
    activities = [str(each.activity) for each in lessons.order_by("position")]
    return [
        {"session": session, "enrolment": enrolment.pk, "activities": activities}
        for session, enrolment in zip(sessions, enrolments, strict=True)
    ]


def _enrol(person: int) -> Enrolment:
    course = Course.objects.get(key=COURSE)
    return enrol(Person.objects.get(pk=person), course, at=timezone.now())


def owe_certificates(*, count: int) -> None:
    """Completed courses of as many people, as bare rows: nobody was told, and only the sweep will find them."""
    edition = edition_to_begin(Course.objects.get(key=COURSE))
    people = make_people(prefix="antre", count=count, sign_in=False)
    for person in Person.objects.filter(pk__in=[each["id"] for each in people]):
        make_completion(person, edition=edition, completed_at=timezone.now(), completed_on=timezone.now().date())


def submit(*, attempts: list[int]) -> list[int]:
    """Send the answers; each learner completes the course. The completions' ids."""
    for attempt in Attempt.objects.filter(pk__in=attempts).select_related("enrolment"):
        submit_attempt(attempt, at=timezone.now())
    found = Completion.objects.filter(enrolment__attempts__in=attempts)
    return list(found.values_list("pk", flat=True))


def published(*, completions: list[int]) -> dict[str, str]:
    """Code by completion, of the certificates that can be verified."""
    rows = Certificate.objects.live().published().filter(completion__in=completions)
    return {str(completion): code for completion, code in rows.values_list("completion_id", "code")}


def some_code() -> str:
    """The code of a certificate that can be verified."""
    return Certificate.objects.live().published().values_list("code", flat=True)[0]


def count_progress() -> int:
    return ActivityProgress.objects.count()


def count_queries(*, path: str, session: str) -> int:
    """Queries of the second reading: what stays when the caches are warm."""
    client = _client(session)
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return len(queries)


def count_statements(*, path: str, session: str) -> int:
    """Statements of one POST, without the words that begin and end a transaction."""
    client = _client(session)
    client.get("/belajar/")  # connects, and warms what is shared
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, {"csrfmiddlewaretoken": CSRF})
    assert answer.status_code in {302, 303}, f"{path}: {answer.status_code}"
    return sum(query["sql"].split(" ")[0].strip(";") not in TRANSACTION_WORDS for query in queries)


def _client(session: str) -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    if session:
        client.cookies["sessionid"] = session
    return client
