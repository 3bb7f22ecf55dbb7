"""What a text shows of others: the images, files and pages it names that its writer may not choose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from wagtail import blocks
from wagtail.documents.permissions import permission_policy as of_documents
from wagtail.images.permissions import permission_policy as of_images
from wagtail.models import Page
from wagtail.rich_text import RichText, extract_references_from_rich_text

from academy.people.models import Person
from courses.models import Course, CoursePage
from courses.trainers import own_rows

Reference = tuple[type[Model], str]
LINK_OR_EMBED = re.compile(r"<a\b[^>]*>(?P<text>.*?)</a>|<embed\b[^>]*/>", re.DOTALL)


def without_foreign_drafts(pages: QuerySet[Page], person: Person) -> QuerySet[Page]:
    """One may link to any course of the catalogue, but what others are writing below or before it is theirs."""
    if person.is_superuser:
        return pages
    for page in CoursePage.objects.exclude(course__in=own_rows(Course, person, at=timezone.now())):
        pages = pages.not_descendant_of(page, inclusive=not page.live)  # type: ignore[attr-defined]
    return pages


def references(block: blocks.Block, value: Any) -> set[Reference]:
    """What the value of a block names, as (model, primary key as written)."""
    return {(model, str(key)) for model, key, _model_path, _path in block.extract_references(value)}


def foreign_references(named: Iterable[Reference], person: Person) -> set[Reference]:
    """Those this person may not choose, and those that do not exist. Models that belong to nobody are not looked at."""
    reach: dict[type[Model], Callable[[], QuerySet[Any]]] = {
        of_images.model: lambda: of_images.instances_user_has_any_permission_for(person, ["choose", "change"]),
        of_documents.model: lambda: of_documents.instances_user_has_any_permission_for(person, ["choose", "change"]),
        Page: lambda: without_foreign_drafts(Page.objects.all(), person),
    }
    foreign = set()
    for model, rows in reach.items():
        asked = {key for of, key in named if of is model}
        numbers = [int(key) for key in asked if re.fullmatch(r"[0-9]{1,18}", key)]
        known = set(map(str, rows().filter(pk__in=numbers).values_list("pk", flat=True))) if numbers else set()
        foreign |= {(model, key) for key in asked - known}
    return foreign


def taken_out(block: blocks.Block, value: Any, foreign: set[Reference]) -> Any:
    """The value with these references gone and all else as it was; a link leaves its words."""
    if isinstance(block, blocks.ChooserBlock):
        return None if references(block, value) & foreign else value
    if isinstance(block, blocks.RichTextBlock):
        return RichText(LINK_OR_EMBED.sub(lambda found: _unless_foreign(found, foreign), value.source))
    if isinstance(block, blocks.StructBlock):
        return blocks.StructValue(
            block, [(name, taken_out(child, value.get(name), foreign)) for name, child in block.child_blocks.items()]
        )
    if isinstance(block, blocks.ListBlock):
        return blocks.list_block.ListValue(block, [taken_out(block.child_block, one, foreign) for one in value])
    if isinstance(block, blocks.StreamBlock):
        children = [(one.block_type, taken_out(one.block, one.value, foreign), one.id) for one in value]
        return blocks.StreamValue(block, children)
    return value


def _unless_foreign(found: re.Match[str], foreign: set[Reference]) -> str:
    named = {(model, str(key)) for model, key, _model_path, _path in extract_references_from_rich_text(found[0])}
    return (found["text"] or "") if named & foreign else found[0]
