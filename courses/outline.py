"""The structure and the text of an edition as pages read them. Editions never change, so both are kept in the cache.

Nothing here belongs to a person: every reader gets the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.core.cache import cache
from django.db.models import prefetch_related_objects
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from wagtail.blocks import StreamValue

from academy.pages.caching import content_version
from academy.pages.drawing import leaves, prepared
from courses.models import Edition, EditionActivity, EditionModule, LegalReference
from courses.models.edition import ActivityKind

KEEP_SECONDS = 60 * 60
OUTLINE_FORM = 3  # raise when the dataclasses below change
BLOCKS_FORM = 2  # raise when a block template changes


@dataclass(frozen=True)
class OutlineActivity:
    """`pk` is the EditionActivity, `activity` the stable key of progress, `number` what learners see (2.1).

    The rules of a quiz are 0 for a lesson.
    """

    pk: int
    activity: UUID
    position: int
    number: str
    kind: str
    title: str
    summary: str
    minutes: int
    question_count: int
    pass_mark: Decimal
    max_attempts: int
    time_limit_minutes: int | None
    is_post_test: bool
    module_position: int

    @property
    def is_quiz(self) -> bool:
        return self.kind == ActivityKind.QUIZ

    @property
    def is_lesson(self) -> bool:
        return self.kind == ActivityKind.LESSON


@dataclass(frozen=True)
class OutlineModule:
    pk: int
    position: int
    title: str
    summary: str
    credit_hours: Decimal
    activities: tuple[OutlineActivity, ...]

    @property
    def minutes(self) -> int:
        return sum(activity.minutes for activity in self.activities)


@dataclass(frozen=True)
class Outline:
    edition_id: int
    course_id: int
    course_key: str
    number: str
    title: str
    credit_hours: int
    pass_mark: Decimal
    sequential: bool
    validity_months: int | None
    modules: tuple[OutlineModule, ...]

    @property
    def activities(self) -> tuple[OutlineActivity, ...]:
        """All activities in order."""
        return tuple(activity for module in self.modules for activity in module.activities)

    @property
    def minutes(self) -> int:
        return sum(module.minutes for module in self.modules)

    def find(self, activity: UUID) -> OutlineActivity | None:
        return next((one for one in self.activities if one.activity == activity), None)

    def module_of(self, activity: OutlineActivity) -> OutlineModule:
        return self.modules[activity.module_position - 1]

    def before(self, activity: OutlineActivity) -> OutlineActivity | None:
        return self.activities[activity.position - 2] if activity.position > 1 else None

    def after(self, activity: OutlineActivity) -> OutlineActivity | None:
        return self.activities[activity.position] if activity.position < len(self.activities) else None


def outline_of(edition: Edition | int) -> Outline:
    """The outline of an edition, given as a row or by its primary key; a kept one asks the database nothing."""
    edition_id = edition if isinstance(edition, int) else edition.pk
    key = f"outline:{OUTLINE_FORM}:{edition_id}"
    kept: Outline | None = cache.get(key)
    if kept is None:
        kept = _read_outline(edition_id)
        cache.set(key, kept, KEEP_SECONDS)
    return kept


def _read_outline(edition_id: int) -> Outline:
    edition = Edition.objects.select_related("course").get(pk=edition_id)
    by_module: dict[int, list[OutlineActivity]] = defaultdict(list)
    rows = EditionActivity.objects.filter(edition=edition).select_related("module").defer("body").order_by("position")
    for row in rows:
        by_module[row.module_id].append(
            OutlineActivity(
                pk=row.pk,
                activity=row.activity,
                position=row.position,
                number=row.number,
                kind=row.kind,
                title=row.title,
                summary=row.summary,
                minutes=row.minutes,
                question_count=row.question_count or 0,
                pass_mark=row.pass_mark or Decimal(0),
                max_attempts=row.max_attempts or 0,
                time_limit_minutes=row.time_limit_minutes,
                is_post_test=row.is_post_test,
                module_position=row.module.position,
            )
        )
    return Outline(
        edition_id=edition.pk,
        course_id=edition.course_id,
        course_key=edition.course.key,
        number=edition.number,
        title=edition.title,
        credit_hours=edition.credit_hours,
        pass_mark=edition.pass_mark,
        sequential=edition.sequential,
        validity_months=edition.validity_months,
        modules=tuple(
            OutlineModule(
                pk=module.pk,
                position=module.position,
                title=module.title,
                summary=module.summary,
                credit_hours=module.credit_hours,
                activities=tuple(by_module[module.pk]),
            )
            for module in EditionModule.objects.filter(edition=edition).order_by("position")
        ),
    )


def rendered_body(edition_activity_pk: int, language: str) -> SafeString:
    """The text of a lesson as HTML, in this language; a kept one asks the database nothing.

    The key holds the version of public content: a moved page or a superseded regulation shows at once.
    """
    key = f"lesson-body:{BLOCKS_FORM}:{content_version()}:{edition_activity_pk}:{language}"
    kept: str | None = cache.get(key)
    if kept is None:
        body = EditionActivity.objects.only("body").get(pk=edition_activity_pk).body
        with translation.override(language):
            kept = render_blocks(body)
        cache.set(key, kept, KEEP_SECONDS)
    return mark_safe(kept)  # noqa: S308  drawn by our block templates, which escape


def render_blocks(body: StreamValue) -> str:
    """The blocks one after the other, without the empty lines of their templates."""
    ready = prepared(body)
    prefetch_related_objects([value for value in leaves(ready) if isinstance(value, LegalReference)], "superseded_by")
    html = "".join(block.render() for block in ready)
    return "\n".join(line.strip() for line in html.splitlines() if line.strip())
