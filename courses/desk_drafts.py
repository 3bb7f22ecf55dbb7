"""What authors wrote last and did not publish: all of a course at once, or at a moment of their own."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from wagtail.models import Page, Revision

from academy.people.models import Person
from courses.models import Course, CoursePage, LessonPage


class CannotPublish(Exception):
    """Nothing was published. `problems` names the pages that lack something, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def unpublished(course_page: CoursePage) -> list[Page]:
    """The pages of a course with something unpublished, in their order.

    Not one that waits for its own moment, nor one whose draft names a moment to come: Wagtail would not publish it now.
    """
    below = Page.objects.descendant_of(course_page, inclusive=True).filter(has_unpublished_changes=True)
    waiting = Revision.page_revisions.filter(approved_go_live_at__isnull=False).values_list("object_id", flat=True)
    pages = below.select_related("latest_revision").order_by("path")
    scheduled = set(waiting.filter(object_id__in=[str(page.pk) for page in pages]))
    return [
        page for page in pages if page.latest_revision_id and str(page.pk) not in scheduled and not _is_to_come(page)
    ]


def _is_to_come(page: Page) -> bool:
    moment = parse_datetime(page.latest_revision.content.get("go_live_at") or "")
    return moment is not None and moment > timezone.now()


@transaction.atomic
def publish_drafts(course_page: CoursePage, *, by: Person) -> list[Page]:
    """Publish the newest draft of every page of the course; a repeat publishes nothing. Returns what was published.

    CannotPublish if a page is locked or lacks something; then none is published. Learners go on reading their edition.
    """
    if not course_page.permissions_for_user(by).can_publish():
        raise PermissionDenied
    Course.objects.select_for_update().get(pk=course_page.course_id)
    pages = unpublished(course_page)
    if problems := [line for page in pages if (line := _problem(page, by))]:
        raise CannotPublish(problems)
    for page in pages:
        page.latest_revision.publish(user=by)
    return pages


def _problem(page: Page, by: Person) -> str:
    draft = page.latest_revision.as_object()
    if page.permissions_for_user(by).page_locked():
        return _("“%(title)s” is locked: somebody else works on it.") % {"title": draft.title}
    try:
        draft.full_clean()
        if isinstance(draft, LessonPage):
            draft.body.stream_block.clean(draft.body)
    except ValidationError:
        return _("“%(title)s” is not complete: open it and fill in what is marked.") % {"title": draft.title}
    return ""


def keep_what_is_live(request: HttpRequest, page: Page) -> None:
    """Before a page is published: give what is live a revision of its own.

    Wagtail takes a page without one off the site when it is to be published later; loaded pages have none.
    """
    if not page.live or page.live_revision_id is not None or page.latest_revision is None:
        return
    stored, newest = page.specific_class.objects.get(pk=page.pk), page.latest_revision
    page.live_revision = Revision.objects.create(
        content_object=stored,
        base_content_type=newest.base_content_type,
        created_at=newest.created_at - timedelta(microseconds=1),  # the newest draft stays the newest
        object_str=str(stored),
        content=stored.serializable_data(),
    )
    Page.objects.filter(pk=page.pk).update(live_revision=page.live_revision)
    newest.content["live_revision"] = page.live_revision.pk  # where publishing looks
    newest.save(update_fields=["content"])
