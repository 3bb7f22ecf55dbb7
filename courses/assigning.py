"""Assigning a course to many: who it would reach, doing it in portions, and taking it back.

The scope of the officer is asked again for every portion: people who left it meanwhile are not enrolled, and a role
that ended stops the rest. Confirmed rows are the queue; the task and the sweep only call `carry_on`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, TextChoices, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy import doorbell
from academy.notifications.messages import send_once_to_each
from academy.pages.templatetags.formats import day
from academy.people.models import ChangeLog, NipHistory, Person, Role, WorkUnit
from academy.people.models.change_log import record
from academy.people.scope import people_visible_to
from courses import keeping_progress
from courses.enrolment import NotOpen, check_room, day_of, edition_to_begin
from courses.models import AssignedEnrolment, Assignment, Completion, Course, Edition, Enrolment, Run
from courses.runs import open_run

PORTION = 500
LEASE = timedelta(seconds=120)
SAMPLE = 5
State = Assignment.State


class CannotAssign(Exception):
    """What the officer asks for is not possible; nothing was changed. The message says why."""


class Reach(TextChoices):
    """What an assignment means for a person in the scope."""

    NEW = "new", gettext_lazy("Will be enrolled")
    RUNNING = "running", gettext_lazy("Is in the course already")
    FINISHED = "finished", gettext_lazy("Finished it this year")
    INACTIVE = "inactive", gettext_lazy("Inactive")


@dataclass(frozen=True)
class Preview:
    """Whom an assignment reaches at this moment.

    `unknown` are the NIPs of nobody in the scope, foreign or not; `former` those that somebody there used to have.
    """

    counts: dict[Reach, int]
    samples: Mapping[Reach, Sequence[Person]]
    unknown: list[str] = field(default_factory=list)
    former: list[tuple[str, Person]] = field(default_factory=list)

    @property
    def reached(self) -> int:
        """Who would have the assignment: newly enrolled or learning already."""
        return self.counts[Reach.NEW] + self.counts[Reach.RUNNING]


def propose(
    course: Course,
    *,
    run: Run | None = None,
    due_on: date,
    unit: WorkUnit | None,
    nips: list[str],
    by: Person,
    at: datetime,
) -> Assignment:
    """Keep what the officer asks for, to be looked at and confirmed. CannotAssign if it cannot be.

    `run` is a dated run of the course; without one people come into the self-paced run of the year.
    """
    asked = Assignment(course=course, run=run, due_on=due_on, unit=unit, nips=nips, by=by, at=at)
    if problem := why_not(asked, people=0, at=at):
        raise CannotAssign(problem)
    asked.save()
    return asked


def why_not(assignment: Assignment, *, people: int, at: datetime) -> str:
    """Why so many people cannot be put into what is assigned; empty if they can."""
    course, run, due_on = assignment.course, assignment.run, assignment.due_on
    on = day_of(course, at)
    if due_on < on:
        return _("The day has passed already.")
    try:
        _check_open(assignment, people=people, on=on)
    except NotOpen as refusal:
        return str(refusal)
    if run is not None and not run.opens_on <= due_on <= run.closes_on:
        days = {"run": run.name, "first": day(run.opens_on), "last": day(run.closes_on)}
        return _("%(run)s lasts from %(first)s to %(last)s: choose a day in it.") % days
    return ""


def _check_open(assignment: Assignment, *, people: int, on: date) -> Edition:
    """The edition they would begin. NotOpen as for whoever enrols alone, but prerequisites are not asked for."""
    course, run = assignment.course, assignment.run
    edition = edition_to_begin(course)
    if run is not None:
        check_room(run, on=on, invited=False, people=people)
    elif not course.self_paced:
        raise NotOpen(_("People take “%(course)s” in a run (angkatan): choose one.") % {"course": course.title})
    return edition


def candidates(assignment: Assignment, *, at: datetime) -> QuerySet[Person]:
    """Those meant who work in the officer's scope at this moment, active or not."""
    people = people_visible_to(assignment.by, kind=Role.Kind.HR, at=at)
    if assignment.unit is not None:
        path = WorkUnit.objects.filter(pk=assignment.unit_id).values_list("path", flat=True).get()
        return people.filter(unit__path__startswith=path)
    return people.filter(Q(nip__in=assignment.nips) | Q(pk__in=_by_former_nips(assignment).values("person")))


def _by_former_nips(assignment: Assignment) -> QuerySet[NipHistory]:
    """Numbers of the list that are nobody's today but were somebody's."""
    todays = Person.objects.filter(nip=OuterRef("nip"))
    return NipHistory.objects.filter(~Exists(todays), nip__in=assignment.nips)


def preview(assignment: Assignment, *, at: datetime) -> Preview:
    """Whom it would reach now; nothing is written."""
    course, today = assignment.course, day_of(assignment.course, at)
    running = Enrolment.objects.running().filter(person=OuterRef("pk"), run__course=course)
    finished = Completion.objects.sufficing(today).filter(person=OuterRef("pk"), course=course)
    done_here = _run_of(assignment, today).filter(
        enrolments__person=OuterRef("pk"), enrolments__completed_at__isnull=False
    )
    people = candidates(assignment, at=at).annotate(
        reach=Case(
            When(is_active=False, then=Value(Reach.INACTIVE.value)),
            When(Exists(running), then=Value(Reach.RUNNING.value)),
            When(Exists(finished) | Exists(done_here), then=Value(Reach.FINISHED.value)),
            default=Value(Reach.NEW.value),
        )
    )
    counts = people.aggregate(**{reach.value: Count("pk", filter=Q(reach=reach.value)) for reach in Reach})
    samples = {
        reach: list(people.filter(reach=reach.value).select_related("unit").order_by("name", "pk")[:SAMPLE])
        for reach in Reach
        if counts[reach.value]
    }
    found = Preview(counts={reach: counts[reach.value] for reach in Reach}, samples=samples)
    if not assignment.nips:
        return found
    old = _by_former_nips(assignment).filter(person__in=candidates(assignment, at=at)).select_related("person__unit")
    former = [(row.nip, row.person) for row in old.order_by("person__name", "nip")]
    known = {*people.values_list("nip", flat=True), *(number for number, _person in former)}
    unknown = [nip for nip in assignment.nips if nip not in known]
    return replace(found, unknown=unknown, former=former)


@transaction.atomic
def confirm(assignment: Assignment, *, by: Person, at: datetime) -> Assignment:
    """Let the worker begin; a repeat changes nothing. CannotAssign if it reaches nobody or was discarded."""
    row = _lock(assignment.pk)
    if row.state in {State.DISCARDED, State.TAKEN_BACK}:
        raise CannotAssign(_("This assignment was discarded."))
    if row.state != State.PREVIEW:
        return row
    found = preview(row, at=at)
    if problem := why_not(row, people=found.counts[Reach.NEW], at=at):
        raise CannotAssign(problem)
    if not found.reached:
        raise CannotAssign(_("Nobody would be enrolled by this assignment."))
    row.state, row.confirmed_at, row.total = State.CONFIRMED, at, sum(found.counts.values())
    row.counts = {"unknown": len(found.unknown)}
    row.save(update_fields=["state", "confirmed_at", "total", "counts"])
    _log(row, by=by, at=at)
    transaction.on_commit(lambda: _ring(row.pk), robust=True)
    return row


def _lock(assignment_id: int) -> Assignment:
    """The row, held until the end of the transaction; what is joined is read after the wait, else it may be old."""
    Assignment.objects.select_for_update().get(pk=assignment_id)
    return Assignment.objects.select_related("course__organiser", "run", "unit", "by").get(pk=assignment_id)


def discard(assignment: Assignment, *, at: datetime) -> None:
    """Drop a preview. What was confirmed stays; it can be taken back."""
    Assignment.objects.filter(pk=assignment.pk, state=State.PREVIEW).update(state=State.DISCARDED, finished_at=at)


def carry_on(assignment_id: int, *, clock: Callable[[], datetime]) -> bool:
    """Enrol portion after portion until all are done; whether there was anything to do here.

    A second worker finds the lease and leaves it. Whatever dies, the next call goes on after the last portion. The
    clock is asked for every portion: a role that ends meanwhile ends the work.
    """
    at = clock()
    claimed = Assignment.objects.owed(at).filter(pk=assignment_id)
    if not claimed.update(lease_until=at + LEASE, tries=F("tries") + 1):
        return False
    with translation.override(settings.LANGUAGE_CODE):  # why it stopped is kept in words
        while assign_portion(assignment_id, at=clock()):
            pass
    return True


def sweep(*, clock: Callable[[], datetime]) -> int:
    """Carry on with what a lost message or a dead worker left; how many."""
    owed = list(Assignment.objects.owed(clock()).order_by("confirmed_at", "pk").values_list("pk", flat=True))
    return sum(carry_on(pk, clock=clock) for pk in owed)


@transaction.atomic
def assign_portion(assignment_id: int, *, at: datetime) -> bool:
    """The next people in the order of their keys, in one transaction; False when nobody is left.

    It stops, with nobody of this portion enrolled, once the officer's role has ended, the course is archived, or the
    run is closed or has too few seats.
    """
    row = _lock(assignment_id)
    if row.state != State.CONFIRMED:
        return False
    if Role.Kind.HR not in set(Role.objects.in_force(at).filter(person=row.by).values_list("kind", flat=True)):
        return _end(row, State.STOPPED, at=at, problem="role")
    meant = candidates(row, at=at)
    keys = list(meant.filter(pk__gt=row.last_person).order_by("pk").values_list("pk", flat=True)[:PORTION])
    if not keys:
        return _end(row, State.DONE, at=at)
    counts = Counter(row.counts)
    try:
        counts.update(_enrol_all(row, _locked(keys, meant), at=at))
    except NotOpen as refusal:
        return _end(row, State.STOPPED, at=at, problem=str(refusal))
    row.counts = dict(counts)
    row.last_person, row.tries, row.lease_until = keys[-1], 0, at + LEASE
    row.save(update_fields=["counts", "last_person", "tries", "lease_until"])
    return True


def _locked(keys: list[int], meant: QuerySet[Person]) -> list[Person]:
    """These people as they are once nobody places them elsewhere any more, without whoever left the scope meanwhile.

    The lock joins nothing: after a wait PostgreSQL would join a row as it was before. no_key and the order: as in `enrol`.
    """
    people = list(Person.objects.filter(pk__in=keys).select_for_update(no_key=True).order_by("pk"))
    still_meant = set(meant.filter(pk__in=keys).values_list("pk", flat=True))
    units = WorkUnit.objects.in_bulk({person.unit_id for person in people if person.unit_id})
    for person in people:
        person.unit = units.get(person.unit_id)
    return [person for person in people if person.pk in still_meant]


def _run_of(assignment: Assignment, today: date) -> QuerySet[Run]:
    """The run that people come into: nothing before the first of the year comes into the self-paced one."""
    if assignment.run_id is not None:
        return Run.objects.filter(pk=assignment.run_id)
    return Run.objects.filter(course=assignment.course, year=today.year, number__isnull=True)


def _end(row: Assignment, state: State, *, at: datetime, problem: str = "") -> bool:
    row.state, row.finished_at, row.problem, row.lease_until = state, at, problem, None
    row.save(update_fields=["state", "finished_at", "problem", "lease_until"])
    return False


def _enrol_all(assignment: Assignment, people: list[Person], *, at: datetime) -> Counter[str]:
    """`courses.enrolment.enrol` for many at once, with the same meaning, in a number of queries that does not grow.

    Who left the course is enrolled again: the assignment is new. Of two due dates the earlier one counts.
    """
    course, today = assignment.course, day_of(assignment.course, at)
    active = {person.pk: person for person in people if person.is_active}
    running = dict(
        Enrolment.objects.running()
        .filter(person__in=active, run__course=course)
        .order_by("enrolled_at", "pk")
        .values_list("person", "pk")
    )
    finished = set(
        Completion.objects.sufficing(today).filter(person__in=active, course=course).values_list("person", flat=True)
    )
    to_enrol = [person for pk, person in active.items() if pk not in running and pk not in finished]
    joined = _join(assignment, to_enrol, today=today, at=at)
    AssignedEnrolment.objects.bulk_create(
        [
            AssignedEnrolment(assignment=assignment, enrolment_id=pk, enrolled=enrolled)
            for group, enrolled in ((running, False), (joined, True))
            for pk in group.values()
        ],
        ignore_conflicts=True,
    )
    Enrolment.objects.filter(pk__in=[*running.values(), *joined.values()]).update(
        due_on=Least(Coalesce(F("due_on"), assignment.due_on), Value(assignment.due_on))
    )
    _tell(assignment, [active[pk] for pk in joined], at=at)
    return Counter(
        {
            Reach.NEW.value: len(joined),
            Reach.RUNNING.value: len(running),
            Reach.FINISHED.value: len(active) - len(joined) - len(running),
            Reach.INACTIVE.value: len(people) - len(active),
        }
    )


def _join(assignment: Assignment, people: list[Person], *, today: date, at: datetime) -> dict[int, int]:
    """Enrolments of the run by person: made, or taken up again after leaving. NotOpen before anything is written."""
    if not people:
        return {}
    if assignment.run is not None:
        assignment.run = Run.objects.select_for_update().get(pk=assignment.run.pk)
    edition = _check_open(assignment, people=len(people), on=today)
    run = assignment.run or open_run(assignment.course, on=today)
    here = Enrolment.objects.filter(run=run, person__in=people)
    left = here.filter(withdrawn_at__isnull=False, completed_at__isnull=True)
    if keys := list(left.values_list("pk", flat=True)):
        back = Enrolment.objects.filter(pk__in=keys)
        back.update(edition=edition, withdrawn_at=None)
        keeping_progress.recount(back)
    known = set(here.values_list("person", flat=True))
    Enrolment.objects.bulk_create(
        Enrolment(
            person=person,
            run=run,
            course=assignment.course,
            edition=edition,
            unit=person.unit,
            agency_id=person.unit.agency_id if person.unit else None,
            enrolled_at=at,
        )
        for person in people
        if person.pk not in known
    )
    return dict(here.filter(completed_at__isnull=True).values_list("person", "pk"))


def _tell(assignment: Assignment, people: list[Person], *, at: datetime) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        send_once_to_each(
            people,
            key=f"assigned:{assignment.pk}",
            subject=_("You have been enrolled in a course"),
            body=_(
                "Your personnel unit has enrolled you in the course “%(course)s”.\n"
                "Please finish it by %(day)s.\n\nTo your learning: %(address)s\n"
            )
            % {
                "course": assignment.title,
                "day": day(assignment.due_on),
                "address": f"{settings.SITE_URL}/belajar/",
            },
            at=at,
        )


@transaction.atomic
def take_back(assignment: Assignment, *, by: Person, at: datetime) -> int:
    """Undo it: whom it enrolled and who has not begun leaves the course, everybody else loses this due date.

    What was begun stays. Where another assignment asks for the course too, the enrolment and that day stay. A repeat
    changes nothing. Returns how many left the course. CannotAssign while the enrolling is under way.
    """
    row = _lock(assignment.pk)
    if row.state == State.TAKEN_BACK:
        return 0
    if row.state not in {State.DONE, State.STOPPED}:
        raise CannotAssign(_("Only an assignment that is finished can be taken back."))
    row.state, row.taken_back_at = State.TAKEN_BACK, at
    row.save(update_fields=["state", "taken_back_at"])
    left = would_leave(row).update(withdrawn_at=at)
    mine = AssignedEnrolment.objects.filter(enrolment=OuterRef("pk"), assignment=row)
    earliest = _of_others(row).order_by().values("enrolment").annotate(day=Min("assignment__due_on")).values("day")
    Enrolment.objects.filter(Exists(mine)).update(due_on=Subquery(earliest))
    _log(row, by=by, at=at, taken_back=True, left=left)
    return left


def would_leave(assignment: Assignment) -> QuerySet[Enrolment]:
    """Whom it enrolled, who has not begun, and from whom no other assignment asks it."""
    mine = AssignedEnrolment.objects.filter(enrolment=OuterRef("pk"), assignment=assignment, enrolled=True)
    return Enrolment.objects.running().filter(Exists(mine), ~Exists(_of_others(assignment)), started_at__isnull=True)


def _of_others(assignment: Assignment) -> QuerySet[AssignedEnrolment]:
    """Assignments in force that ask the same of an enrolment."""
    asked = AssignedEnrolment.objects.filter(enrolment=OuterRef("pk"))
    return asked.exclude(assignment__state=State.TAKEN_BACK).exclude(assignment=assignment)


def _log(row: Assignment, *, by: Person, at: datetime, **detail: Any) -> None:
    record(
        ChangeLog.Action.ASSIGNED,
        by=by,
        at=at,
        unit=row.unit,
        course=row.title,
        due_on=row.due_on.isoformat(),
        people=row.total,
        assignment=row.pk,
        **detail,
    )


def _ring(assignment_id: int) -> None:
    from courses.tasks import assign

    doorbell.ring(assign, assignment_id)
