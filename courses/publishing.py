"""Publish an edition: copy what the published pages of a course say into rows that never change."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _
from wagtail.documents import get_document_model
from wagtail.images import get_image_model

from academy.pages.caching import content_changed
from academy.people.models import Person
from courses.content import (
    ActivityContent,
    CourseContent,
    QuestionContent,
    differences,
    edition_content,
    needs_material_edition,
    published_content,
)
from courses.models import (
    Course,
    Edition,
    EditionActivity,
    EditionAsset,
    EditionKind,
    EditionModule,
    EditionQuestion,
    Enrolment,
    LegalReference,
    Question,
    QuestionBank,
    QuestionVersion,
)
from courses.models.enrolment import EnrolmentQuerySet

QUARTERS_PER_HOUR = 4


class EditionInvalid(Exception):
    """The published pages cannot become an edition. `problems` says why, one line each."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


class NothingToPublish(EditionInvalid):
    """The course has no published page."""


@transaction.atomic
def publish_edition(
    course: Course,
    *,
    kind: EditionKind | str,
    by: Person | None,
    at: datetime,
    note: str = "",
    approved_by: Person | None = None,
) -> Edition:
    """Freeze the published pages of `course` as its next edition: 1.0, then x.(y+1) minor or (x+1).0 material.

    If nothing changed since the newest edition, that one is returned. A minor edition takes running learners along.
    Raises NothingToPublish or EditionInvalid, and then changes nothing.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    newest = course.editions.newest_first().first()
    old = edition_content(newest) if newest else None
    content = content_for(course, old, kind=kind)
    if newest is not None and old == content:
        return newest
    major, minor = next_number(newest, kind)
    with translation.override(settings.LANGUAGE_CODE):
        changes = differences(old, content) if old else []
    edition = Edition.objects.create(
        course=course,
        major=major,
        minor=minor,
        title=content.title,
        credit_hours=content.credit_hours,
        pass_mark=content.pass_mark,
        sequential=content.sequential,
        validity_months=content.validity_months,
        published_at=at,
        published_by=by,
        approved_by=approved_by,
        note=note,
        changes=changes,
    )
    _write(edition, content)
    if minor > 0:
        take_along(edition)
    transaction.on_commit(content_changed, robust=True)
    return edition


def content_for(course: Course, old: CourseContent | None, *, kind: EditionKind | str) -> CourseContent:
    """What the next edition of this kind would hold. NothingToPublish or EditionInvalid if it may not be one."""
    content = published_content(course)
    if content is None:
        raise NothingToPublish(_("The course has no published page: publish its course page first."))
    if problems := content.problems():
        raise EditionInvalid(*problems)
    if kind == EditionKind.MINOR and old is not None and needs_material_edition(old, content):
        raise EditionInvalid(
            _(
                "Activities were added or removed, or the credit hours, the pass mark or the validity changed: "
                "this needs a material edition."
            )
        )
    return content


def take_along(edition: Edition) -> int:
    """Move the running learners of earlier editions with the same major number to this one; how many moved."""
    return learners_of(edition.course, major=edition.major).exclude(edition=edition).update(edition=edition)


def learners_of(course: Course, *, major: int) -> EnrolmentQuerySet:
    """Who is learning in an edition with this major number: whom the next minor one reaches."""
    return Enrolment.objects.running().filter(edition__course=course, edition__major=major)


def credit_hours_by_module(minutes: Sequence[int], credit_hours: int) -> list[Decimal]:
    """Share out the hours by minutes, in quarter hours that sum to `credit_hours` exactly (largest remainder)."""
    quarters = credit_hours * QUARTERS_PER_HOUR
    total = sum(minutes)
    shares = [quarters * part // total for part in minutes]
    by_remainder = sorted(range(len(minutes)), key=lambda i: (-(quarters * minutes[i] % total), i))
    for index in by_remainder[: quarters - sum(shares)]:
        shares[index] += 1
    return [Decimal(share) / QUARTERS_PER_HOUR for share in shares]


def next_number(newest: Edition | None, kind: EditionKind | str) -> tuple[int, int]:
    if newest is None:
        return 1, 0
    return (newest.major, newest.minor + 1) if kind == EditionKind.MINOR else (newest.major + 1, 0)


def _write(edition: Edition, content: CourseContent) -> None:
    hours = credit_hours_by_module([module.minutes for module in content.modules], content.credit_hours)
    versions = _freeze_questions(question for activity in content.activities for question in activity.questions)
    position = 0
    for module_position, (module, share) in enumerate(zip(content.modules, hours, strict=True), start=1):
        row = EditionModule.objects.create(
            edition=edition,
            position=module_position,
            title=module.title,
            summary=module.summary,
            credit_hours=share,
        )
        for in_module, activity in enumerate(module.activities, start=1):
            position += 1
            _write_activity(
                row, activity, position=position, number=f"{module_position}.{in_module}", versions=versions
            )


def _write_activity(
    module: EditionModule,
    content: ActivityContent,
    *,
    position: int,
    number: str,
    versions: dict[int, QuestionVersion],
) -> None:
    activity = EditionActivity.objects.create(
        edition=module.edition,
        module=module,
        activity=content.activity,
        position=position,
        number=number,
        kind=content.kind,
        title=content.title,
        summary=content.summary,
        body=content.body,
        minutes=content.minutes,
        question_count=content.question_count,
        pass_mark=content.pass_mark,
        max_attempts=content.max_attempts,
        time_limit_minutes=content.time_limit_minutes,
        is_post_test=content.is_post_test,
    )
    EditionQuestion.objects.bulk_create(
        EditionQuestion(activity=activity, version=versions[question.question_id]) for question in content.questions
    )
    for field, key in sorted(_assets_of(activity)):
        EditionAsset.objects.create(activity=activity, **{field: key})


def _assets_of(activity: EditionActivity) -> set[tuple[str, int]]:
    """What the text shows, as (field of EditionAsset, primary key). Links to pages are not assets: they may break."""
    fields = {get_image_model(): "image_id", get_document_model(): "document_id", LegalReference: "legal_reference_id"}
    return {
        (fields[model], int(key))
        for model, key, _model_path, _content_path in activity.body.stream_block.extract_references(activity.body)
        if model in fields
    }


def _freeze_questions(questions: Iterable[QuestionContent]) -> dict[int, QuestionVersion]:
    """A version for each question, by the question's key; one with the same content is used again."""
    wanted = {question.question_id: question for question in questions}
    # Two courses may share a bank: whoever numbers its versions holds it.
    banks = QuestionBank.objects.filter(pk__in=Question.objects.filter(pk__in=wanted).values("bank"))
    list(banks.select_for_update().order_by("pk"))
    known = {
        (version.question_id, version.content_hash): version
        for version in QuestionVersion.objects.filter(question__in=wanted)
    }
    last = dict(
        QuestionVersion.objects.filter(question__in=wanted).values_list("question").annotate(last=Max("number"))
    )
    missing = [
        QuestionVersion(
            question_id=question.question_id,
            number=last.get(question.question_id, 0) + 1,
            content_hash=question.content_hash,
            kind=question.kind,
            topic=question.topic,
            text=question.text,
            options=_with_random_ids(question.options),
            explanation=question.explanation,
            lesson=question.lesson,
        )
        for question in wanted.values()
        if (question.question_id, question.content_hash) not in known
    ]
    for version in QuestionVersion.objects.bulk_create(missing):
        known[version.question_id, version.content_hash] = version
    return {key: known[key, question.content_hash] for key, question in wanted.items()}


def _with_random_ids(options: Iterable[tuple[str, bool]]) -> list[dict[str, object]]:
    """Ids come from chance alone, so that nothing about the answer can be read from them."""
    taken: set[str] = set()
    frozen: list[dict[str, object]] = []
    for text, is_correct in options:
        while (option_id := secrets.token_hex(4)) in taken:
            pass
        taken.add(option_id)
        frozen.append({"id": option_id, "text": text, "is_correct": is_correct})
    return frozen
