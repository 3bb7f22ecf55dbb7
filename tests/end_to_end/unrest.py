"""A course that its authors keep changing while people learn in it. Runs in the process of `console.py`, beside `inside.py`."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from academy.people.models import Person, Role
from courses.models import Completion, Course, CoursePage, Edition, Enrolment, LessonPage, ModulePage, Question
from courses.proposals import approve, propose_edition
from courses.publishing import publish_edition
from tests.courses.authoring import make_course_page
from tests.factories import LONG_AGO, AgencyFactory, CourseFactory, OrganiserFactory, PersonFactory

MODULES, LESSONS = 2, 4
# Another process makes rows of its own in the same database: the numbers of ours begin beyond its.
for _factory in (AgencyFactory, CourseFactory, OrganiserFactory, PersonFactory):
    _factory.reset_sequence(5000)


def make_course() -> dict[str, Any]:
    """A course with its first edition, two trainers, and pages that all say "Naskah 0."."""
    page = make_course_page(modules=MODULES, lessons=LESSONS, body=_body("Naskah 0."), title="Pelatihan Ramai")
    course = page.course
    publish_edition(course, kind="minor", by=None, at=timezone.now())
    trainers = [_trainer(course, name) for name in ("Penulis", "Pembaca Kedua")]
    lessons = LessonPage.objects.descendant_of(page).order_by("path")
    return {
        "key": course.key,
        "slug": page.slug,
        "page": page.pk,
        "lessons": [lesson.pk for lesson in lessons],
        "trainers": [trainer.pk for trainer in trainers],
        "operator": PersonFactory(email="pengelola.ramai@uji.test", nip=None, unit=None, is_superuser=True).pk,
    }


def _trainer(course: Course, name: str) -> Person:
    person: Person = PersonFactory(name=name, email=f"{uuid.uuid4().hex}@uji.test", nip=None, unit=None)
    Role.objects.create(person=person, kind=Role.Kind.TRAINER, unit=course.organiser.unit, from_at=LONG_AGO)
    return person


def write(*, key: str, text: str, publish: bool) -> None:
    """Say `text` in every lesson, as a draft or on the published page; no edition has it yet."""
    for page in LessonPage.objects.descendant_of(_page(key)).live():
        draft: Any = page.get_latest_revision_as_object()
        draft.body = _body(text)
        draft.title = f"{page.title.split(' · ')[0]} · {text.rstrip('.')}"
        revision = draft.save_revision()
        if publish:
            revision.publish()
    if publish:
        for question in Question.objects.filter(bank__key=f"bank-{key}"):
            question.text = f"{question.text.split(' · ')[0]} · {text}"
            question.save()


def add_lesson(*, key: str) -> None:
    module = ModulePage.objects.descendant_of(_page(key)).live().order_by("path").first()
    assert module is not None
    title = f"Tambahan {uuid.uuid4().hex[:6]}"
    module.add_child(instance=LessonPage(title=title, reading_minutes=30, body=_body("Naskah tambahan.")))


def release(*, key: str, kind: str, trainers: list[int]) -> str:
    """Propose the pages as an edition, and approve it as a second reader; its number."""
    course = Course.objects.get(key=key)
    author, reader = (Person.objects.get(pk=pk) for pk in trainers)
    proposal = propose_edition(course, kind=kind, note="", by=author, at=timezone.now())
    return approve(proposal, by=reader, at=timezone.now()).number


def purge_revisions() -> None:
    call_command("purge_revisions", verbosity=0)


def outcome(*, key: str) -> dict[str, Any]:
    """What every learner has now, and what each edition says; by enrolment and by number of the edition."""
    editions = Edition.objects.filter(course__key=key).prefetch_related("activities")
    enrolments = Enrolment.objects.filter(run__course__key=key).select_related("edition")
    completions = Completion.objects.filter(course__key=key).select_related("edition")
    return {
        "pages": CoursePage.objects.filter(course__key=key).count(),
        "editions": {
            one.number: {str(a.activity): str(a.body) for a in one.activities.all() if a.kind == "lesson"}
            for one in editions
        },
        "learners": {
            str(one.pk): {
                "edition": one.edition.number,
                "withdrawn": one.withdrawn_at is not None,
                "done": sorted(str(each.activity) for each in one.progress.all()),
            }
            for one in enrolments
        },
        "completions": {str(one.enrolment_id): one.edition.number for one in completions},
    }


def _page(key: str) -> CoursePage:
    page: CoursePage = CoursePage.objects.get(course__key=key)
    return page


def _body(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "value": f"<p>{text}</p>", "id": str(uuid.uuid4())}]
