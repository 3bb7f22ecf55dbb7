"""How far somebody is on a learning path."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from academy.people.models import Person
from courses.models import Completion, Course, CoursePage, Edition, Enrolment, LearningPath, PathStep


@dataclass(frozen=True)
class Step:
    """A course of a path; `state` is done, running or todo. `url` leads to the course's page, if it has one."""

    course: Course
    state: str
    url: str


@dataclass(frozen=True)
class Way:
    """A path as somebody walks it; a stranger has done nothing."""

    path: LearningPath
    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        return sum(step.state == "done" for step in self.steps)

    @property
    def credit_hours(self) -> int:
        return sum(step.course.credit_hours for step in self.steps)

    @property
    def following(self) -> Step | None:
        """Where to go on: what is running, else the first that is to do."""
        running = next((step for step in self.steps if step.state == "running"), None)
        return running or next((step for step in self.steps if step.state == "todo"), None)


def public_paths() -> QuerySet[LearningPath]:
    """With the courses that have an edition; an archived one is a step only for some (`way_along`)."""
    has_edition = Exists(Edition.objects.filter(course=OuterRef("course")))
    steps = PathStep.objects.filter(has_edition).select_related("course")
    paths: QuerySet[LearningPath] = LearningPath.objects.filter(is_public=True)
    return paths.prefetch_related(Prefetch("steps", queryset=steps.order_by("sort_order")))


def way_along(path: LearningPath, person: Person | None) -> Way:
    """The path with what this person finished, ever, or is learning. A course that was passed once stays passed.

    An archived course is a step only of those who passed it or are learning it: nobody else could ever take it.
    """
    courses = [step.course for step in path.steps.all()]
    done: set[int] = set()
    running: set[int] = set()
    if person is not None:
        passed = Completion.objects.filter(person=person, course__in=courses, outcome=Completion.Outcome.PASSED)
        done = set(passed.values_list("course", flat=True))
        learning = Enrolment.objects.running().filter(person=person, run__course__in=courses)
        running = set(learning.values_list("run__course", flat=True)) - done
    pages = {page.course_id: page.get_url() or "" for page in CoursePage.objects.live().filter(course__in=courses)}
    return Way(
        path=path,
        steps=tuple(
            Step(
                course=course,
                state="done" if course.pk in done else "running" if course.pk in running else "todo",
                url=pages.get(course.pk, ""),
            )
            for course in courses
            if course.archived_at is None or course.pk in done | running
        ),
    )
