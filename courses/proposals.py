"""A new edition is read by a second person before learners get it: proposed, then approved or returned."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from academy.notifications.messages import send_once, send_once_to_each
from academy.people.models import Person
from courses.content import edition_content, published_content
from courses.models import Course, CoursePage, Edition, EditionKind, EditionProposal
from courses.publishing import EditionInvalid, content_for, publish_edition
from courses.trainers import desk_of, organisers_of

State = EditionProposal.State


class NothingChanged(EditionInvalid):
    """The published pages say what the newest edition says."""


class SecondReaderNeeded(Exception):
    """Who proposed an edition does not approve it."""

    def __init__(self) -> None:
        super().__init__(_("You proposed this edition yourself: a second person has to read and approve it."))


class ChangedSinceProposed(Exception):
    """The published pages say something else than what was proposed."""

    def __init__(self) -> None:
        super().__init__(
            _("Pages of the course were published after the edition was proposed. Its author has to propose it again.")
        )


class AlreadyDecided(Exception):
    """Somebody decided meanwhile; the message says what."""

    def __init__(self, proposal: EditionProposal) -> None:
        super().__init__(
            _("This proposal stands differently meanwhile: %(state)s.") % {"state": proposal.get_state_display()}
        )


@transaction.atomic
def propose_edition(course: Course, *, kind: EditionKind | str, note: str, by: Person, at: datetime) -> EditionProposal:
    """Propose the published pages as the next edition; proposing the same again returns the proposal that waits.

    Another one that waits is withdrawn. EditionInvalid or NothingChanged says why it cannot be one; nothing changes then.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    newest = course.editions.newest_first().first()
    old = edition_content(newest) if newest else None
    content = content_for(course, old, kind=kind)
    if old == content:
        raise NothingChanged(
            _("Nothing changed since the newest edition. Drafts do not count: publish the pages first.")
        )
    waiting = EditionProposal.objects.waiting().filter(course=course).first()
    same = {"kind": EditionKind(kind), "note": note, "content_hash": content.content_hash, "proposed_by": by}
    if waiting is not None:
        if all(getattr(waiting, name) == value for name, value in same.items()):
            return waiting
        _decide(waiting, State.WITHDRAWN, by=by, at=at)
    proposal = EditionProposal.objects.create(course=course, proposed_at=at, **same)
    _tell_readers(proposal, at=at)
    return proposal


@transaction.atomic
def approve(proposal: EditionProposal, *, by: Person, at: datetime) -> Edition:
    """Publish the proposed edition; approving twice returns the same edition.

    Raises SecondReaderNeeded, ChangedSinceProposed, AlreadyDecided or EditionInvalid, and then changes nothing.
    """
    row = _locked(proposal)
    if row.state == State.APPROVED and row.edition is not None:
        return row.edition
    if row.state != State.WAITING:
        raise AlreadyDecided(row)
    if row.proposed_by_id == by.pk:
        raise SecondReaderNeeded
    content = published_content(row.course)
    if content is None or content.content_hash != row.content_hash:
        raise ChangedSinceProposed
    row.edition = publish_edition(row.course, kind=row.kind, by=row.proposed_by, at=at, note=row.note, approved_by=by)
    _decide(row, State.APPROVED, by=by, at=at)
    _tell_author(row, _("Edition %(number)s is published") % {"number": row.edition.number}, at=at)
    return row.edition


@transaction.atomic
def send_back(proposal: EditionProposal, *, by: Person, comment: str, at: datetime) -> None:
    """Return the proposal to its author with what is to be done; a repeat does nothing."""
    row = _locked(proposal)
    if row.state == State.RETURNED:
        return
    if row.state != State.WAITING:
        raise AlreadyDecided(row)
    _decide(row, State.RETURNED, by=by, at=at, comment=comment)
    _tell_author(row, _("Your proposed edition was returned"), at=at)


@transaction.atomic
def take_back(proposal: EditionProposal, *, by: Person, at: datetime) -> None:
    """Withdraw the proposal; a repeat does nothing."""
    row = _locked(proposal)
    if row.state == State.WITHDRAWN:
        return
    if row.state != State.WAITING:
        raise AlreadyDecided(row)
    _decide(row, State.WITHDRAWN, by=by, at=at)


def proposals_to_read(person: Person, *, at: datetime) -> QuerySet[EditionProposal]:
    """What waits for this person as a second reader, oldest first."""
    own = organisers_of(person, at=at)
    waiting = EditionProposal.objects.waiting().filter(course__organiser__in=own).exclude(proposed_by=person)
    return waiting.select_related("course", "proposed_by").order_by("proposed_at")


def _locked(proposal: EditionProposal) -> EditionProposal:
    """The row as it is now; the course is locked first, as publishing and proposing do."""
    Course.objects.select_for_update().get(pk=proposal.course_id)
    return EditionProposal.objects.select_related("course", "proposed_by", "edition").get(pk=proposal.pk)


def _decide(row: EditionProposal, state: EditionProposal.State, *, by: Person, at: datetime, comment: str = "") -> None:
    row.state, row.decided_by, row.decided_at, row.comment = state, by, at, comment
    row.save()


def _tell_readers(proposal: EditionProposal, *, at: datetime) -> None:
    readers = desk_of([proposal.course.organiser], at=at).exclude(pk=proposal.proposed_by_id)
    with translation.override(settings.LANGUAGE_CODE):
        send_once_to_each(
            readers,
            key=f"edition-proposed:{proposal.pk}",
            subject=_("A new edition waits for a second reader"),
            body=_("%(author)s proposes a new edition of “%(course)s”.\n\nRead it and decide: %(address)s\n")
            % {
                "author": proposal.proposed_by.full_name,
                "course": proposal.course.title,
                "address": _address(proposal),
            },
            at=at,
        )


def _tell_author(proposal: EditionProposal, subject: str, *, at: datetime) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        send_once(
            proposal.proposed_by,
            key=f"edition-decided:{proposal.pk}",
            subject=subject,
            body=_("Course: %(course)s\n%(comment)s\n\n%(address)s\n")
            % {"course": proposal.course.title, "comment": proposal.comment, "address": _address(proposal)},
            at=at,
        )


def _address(proposal: EditionProposal) -> str:
    page = CoursePage.objects.filter(course=proposal.course_id).first()
    path = reverse("publish_edition", args=[page.pk]) if page else reverse("wagtailadmin_home")
    return f"{settings.SITE_URL}{path}"
