"""What the tests ask an academy about itself, and the people they put into it. Runs in the process of `console.py`.

Every function takes and returns plain JSON values; a person is named by the e-mail address.
"""

from __future__ import annotations

import random
from datetime import date
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Count, Max
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from wagtail.models import Comment

from academy.notifications.models import Message
from academy.people.models import Person, Role, WorkUnit
from academy.people.placements import place
from certificates.models import Certificate, CertificateFile
from courses.attempts import save_responses, start_attempt
from courses.enrolment import enrol
from courses.models import (
    ActivityKind,
    ActivityProgress,
    Attempt,
    Completion,
    Course,
    EditionActivity,
    Enrolment,
    LessonPage,
    ModulePage,
    QuestionVersion,
)
from courses.progress import complete_lesson
from courses.publishing import publish_edition
from tests.courses.authoring import every_block, make_course_page
from tests.end_to_end.verdicts import make_verdicts  # noqa: F401  asked for by name
from tests.factories import LONG_AGO, PersonFactory

SHORT_COURSE = "dasar-spbe"
PASSWORD = "latihan-ujung-ke-ujung"
DISKOMINFO = "Dinas Komunikasi dan Informatika"


def make_people(*, prefix: str, count: int = 1, agency: str = "7701", sign_in: bool = True) -> list[dict[str, Any]]:
    """Learners of one agency, `prefix`0@… and on; with a password only where somebody will sign in by the form."""
    unit = WorkUnit.objects.get(agency__code=agency, depth=2, name=DISKOMINFO)
    return [_make_person(f"{prefix}{number}", unit, sign_in=sign_in) for number in range(count)]


def make_hr(*, prefix: str, agency: str) -> dict[str, Any]:
    """An HR officer over a whole agency."""
    root = WorkUnit.objects.get(agency__code=agency, depth=1)
    account = _make_person(prefix, root, sign_in=True)
    Role.objects.create(person_id=account["id"], kind=Role.Kind.HR, unit=root, from_at=LONG_AGO)
    return account


def make_trainers(*, prefix: str, count: int = 2) -> list[str]:
    """The sessions of people who write the courses of the curriculum's organiser."""
    unit = Course.objects.get(key="dasar-spbe").organiser.unit
    people = [_make_person(f"{prefix}{number}", unit, sign_in=False) for number in range(count)]
    for person in people:
        Role.objects.create(person_id=person["id"], kind=Role.Kind.TRAINER, unit=unit, from_at=LONG_AGO)
    return make_sessions(people=[person["id"] for person in people])


def make_draft_course(*, title: str) -> dict[str, Any]:
    """A course of the curriculum's organiser with one module and two lessons, which no edition holds."""
    page = make_course_page(title=title, slug=slugify(title))
    page.course.organiser = Course.objects.get(key="dasar-spbe").organiser
    page.course.save()
    module = ModulePage.objects.child_of(page).get()
    lessons = LessonPage.objects.descendant_of(page).order_by("path").values_list("pk", flat=True)
    return {"page": page.pk, "module": module.pk, "lessons": list(lessons)}


def comments_on(*, page: int) -> list[str]:
    return list(Comment.objects.filter(page=page).values_list("text", flat=True))


def _make_person(name: str, unit: WorkUnit, *, sign_in: bool) -> dict[str, Any]:
    taken = Person.objects.count()
    person = PersonFactory(
        name=f"Maria Uji {name.title()}",
        nip=f"1990{1 + taken % 12:02d}{1 + taken // 12 % 28:02d}2020122{taken // 336 + 1:03d}",
        email=f"{name}@uji.test",
        unit=None,
        password=PASSWORD if sign_in else None,
    )
    place(person, unit=unit, from_on=date(2025, 1, 1), today=timezone.localdate())
    return {
        "id": person.pk,
        "email": person.email,
        "nip": person.nip,
        "name": person.full_name,
        "password": PASSWORD,
        "agency": unit.agency.name,
    }


def make_sessions(*, people: list[int]) -> list[str]:
    """Signed-in session keys, without the cost of checking a password for each."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    keys = []
    for person in Person.objects.filter(pk__in=people).order_by("pk"):
        session = store()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        keys.append(session.session_key)
    return keys


def make_candidates(*, prefix: str, count: int) -> list[dict[str, Any]]:
    """Learners who have answered everything right and have only to send it: session, attempt and where to send it."""
    people = make_people(prefix=prefix, count=count, sign_in=False)
    sessions = make_sessions(people=[each["id"] for each in people])
    return [
        {"email": person["email"], "session": session, **_candidate(person["id"])}
        for person, session in zip(people, sessions, strict=True)
    ]


def _candidate(person: int) -> dict[str, Any]:
    now = timezone.now()
    enrolment = enrol(Person.objects.get(pk=person), Course.objects.get(key=SHORT_COURSE), at=now)
    for activity in EditionActivity.objects.filter(edition=enrolment.edition).order_by("position"):
        if activity.kind == ActivityKind.LESSON:
            complete_lesson(enrolment, activity, at=now)
            continue
        attempt = start_attempt(enrolment, activity, at=now, rng=random.Random(person))
        versions = QuestionVersion.objects.in_bulk([served["version"] for served in attempt.served])
        save_responses(attempt, {pk: sorted(version.correct_ids) for pk, version in versions.items()}, at=now)
    place = {"enrolment": enrolment.pk, "activity": attempt.activity, "number": attempt.number}
    return {"attempt": attempt.pk, "review": reverse("attempt_review", kwargs=place)}


def certified(*, prefix: str) -> dict[str, Any]:
    """What came of the people of a prefix: completions, certificates, their published files and messages."""
    mine = {"completion__person__email__startswith": prefix}
    certificates = Certificate.objects.filter(**mine)
    series = Certificate.objects.values("organiser", "year").annotate(made=Count("pk"), last=Max("sequence"))
    return {
        "completions": Completion.objects.filter(person__email__startswith=prefix).count(),
        "certificates": certificates.count(),
        "published": certificates.published().count(),
        "files": CertificateFile.objects.filter(
            **{f"certificate__{key}": value for key, value in mine.items()}
        ).count(),
        "messages": Message.objects.filter(person__email__startswith=prefix, key__startswith="certificate-").count(),
        "gapless": all(each["made"] == each["last"] for each in series.order_by()),
    }


def activities(*, enrolment: int) -> list[dict[str, Any]]:
    """The activities of an enrolment in their order."""
    edition = Enrolment.objects.get(pk=enrolment).edition
    return [
        {"activity": str(each.activity), "kind": each.kind, "title": each.title, "is_post_test": each.is_post_test}
        for each in EditionActivity.objects.filter(edition=edition).order_by("position")
    ]


def make_lesson_of_every_block(*, person: int) -> str:
    """A course whose first lesson has each kind of block, with this person in it; the address of that lesson."""
    course = make_course_page(body=every_block()).course
    publish_edition(course, kind="minor", by=None, at=timezone.now())
    enrolment = enrol(Person.objects.get(pk=person), course, at=timezone.now())
    activity = enrolment.edition.activities.get(position=1).activity
    return f"/belajar/{enrolment.pk}/{activity}/"


def right_answers(*, email: str) -> dict[str, list[str]]:
    """The right option ids of every question of the person's open attempt, by question version."""
    attempt = Attempt.objects.get(enrolment__person__email=email, submitted_at__isnull=True)
    versions = QuestionVersion.objects.in_bulk([each["version"] for each in attempt.served])
    return {str(key): sorted(version.correct_ids) for key, version in versions.items()}


def facts(*, email: str) -> dict[str, Any]:
    """What the database holds about a person's learning, as counts and plain values."""
    mine = {"enrolment__person__email": email}
    certificates = Certificate.objects.filter(completion__person__email=email).order_by("pk")
    return {
        "enrolments": Enrolment.objects.filter(person__email=email).count(),
        "progress": ActivityProgress.objects.filter(**mine).count(),
        "attempts": Attempt.objects.filter(**mine).count(),
        "submitted": Attempt.objects.filter(**mine, submitted_at__isnull=False).count(),
        "completions": Completion.objects.filter(person__email=email).count(),
        "certificates": [
            {"number": each.number, "code": each.code, "published": each.published_at is not None}
            for each in certificates
        ],
    }


def course_title(*, key: str) -> str:
    return Course.objects.get(key=key).title
