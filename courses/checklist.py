"""What a careful author would look at again before a course goes to the learners."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from wagtail.blocks import StreamValue
from wagtail.documents import get_document_model
from wagtail.images.models import AbstractImage
from wagtail.models import Page
from wagtail.rich_text import RichText

from academy.pages.drawing import leaves, prepared
from courses.models import CoursePage, LegalReference, LessonPage, ModulePage, Question, QuizPage

WORDS_A_MINUTE = 180  # silent reading of expository Indonesian on a screen, for adults
MINUTES_OFF = 4  # a text shorter than this is not worth an argument
MOST_WEIGHT = 100  # kB of a page on first view, promise P10
FRAME_BYTES = 35_000  # styles, scripts and frame of a lesson's page, compressed
QUESTIONS_A_TOPIC = 2
LINK = re.compile(r'<a [^>]*?linktype="(page|document)"[^>]*>')
LINK_ID = re.compile(r' id="(\d+)"')
HEADING = re.compile(r"<h([2-6])[^>]*>(.*?)</h\1>", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """One thing to look at. `is_wrong`: learners would meet something broken; otherwise it is worth a thought."""

    title: str
    url: str
    text: str
    is_wrong: bool = False


@dataclass(frozen=True)
class Measure:
    """How much of a learner's time and line a lesson takes. Minutes of reading; the weight of its page in kB."""

    title: str
    url: str
    words: int
    needed_minutes: int
    stated_minutes: int
    weight: int

    @property
    def is_off(self) -> bool:
        return abs(self.stated_minutes - self.needed_minutes) > max(MINUTES_OFF, self.needed_minutes // 2)

    @property
    def is_heavy(self) -> bool:
        return self.weight > MOST_WEIGHT


@dataclass(frozen=True)
class Checked:
    """What is broken first, then what is worth a thought, each in the order of the course; and a measure of each lesson."""

    findings: list[Finding]
    measures: list[Measure]


@dataclass(frozen=True)
class Pages:
    """The pages of a course in order, each as published or as its newest draft."""

    page: CoursePage
    modules: list[ModulePage]
    activities: list[Any]

    def activities_of(self, module: Page) -> list[Any]:
        return [one for one in self.activities if one.path.startswith(module.path)]

    @property
    def lessons(self) -> list[LessonPage]:
        return [one for one in self.activities if isinstance(one, LessonPage)]

    @property
    def quizzes(self) -> list[QuizPage]:
        return [one for one in self.activities if isinstance(one, QuizPage)]


def published_of(page: CoursePage) -> Pages:
    modules = list(ModulePage.objects.child_of(page).live().order_by("path"))
    below = tuple(module.path for module in modules)
    found = [*LessonPage.objects.descendant_of(page).live(), *QuizPage.objects.descendant_of(page).live()]
    activities = sorted((one for one in found if one.path.startswith(below)), key=lambda one: one.path)
    return Pages(page, modules, activities)


def drafts_of(page: CoursePage) -> Pages:
    """The same with what authors wrote last; pages that were never published are among them."""
    modules = ModulePage.objects.child_of(page).select_related("latest_revision").order_by("path")
    found = [
        *LessonPage.objects.descendant_of(page).select_related("latest_revision"),
        *QuizPage.objects.descendant_of(page).select_related("latest_revision"),
    ]
    activities = [_newest(one) for one in sorted(found, key=lambda one: one.path)]
    return Pages(_newest(page), [_newest(module) for module in modules], activities)


def _newest(page: Any) -> Any:
    return page.with_content_json(page.latest_revision.content) if page.latest_revision else page


def check(pages: Pages, *, on: date) -> Checked:
    """Look over the pages as they are on this day. A fixed number of queries."""
    texts = _blocks_by_lesson(pages.lessons)
    drawn = _drawn(pages.lessons)
    measures = [
        _measure(lesson, html, _values(texts[lesson.pk])) for lesson, html in zip(pages.lessons, drawn, strict=True)
    ]
    findings = sorted(_findings(pages, texts, measures, on), key=lambda finding: not finding.is_wrong)
    return Checked(findings, measures)


def _findings(pages: Pages, texts: dict[int, list[Any]], measures: list[Measure], on: date) -> Iterator[Finding]:
    references = list(pages.page.legal_references.select_related("superseded_by"))
    yield from _of_references(pages.page, references, on)
    broken = _broken_links(texts)
    for lesson, measure in zip(pages.lessons, measures, strict=True):
        blocks = texts[lesson.pk]
        yield from _of_blocks(lesson, blocks)
        yield from (Finding(lesson.title, _edit(lesson), text, is_wrong=True) for text in broken[lesson.pk])
        yield from _of_headings(lesson, blocks)
        yield from _of_measure(measure)
        cited = [one for one in _values(blocks) if isinstance(one, LegalReference)]
        yield from _of_references(lesson, cited, on)
    yield from _of_quizzes(pages.quizzes, on)


def _together(lessons: list[LessonPage]) -> StreamValue:
    """The blocks of all lessons as one text: what they point to is fetched together."""
    stream_block = LessonPage._meta.get_field("body").stream_block
    together: StreamValue = stream_block.to_python([one for lesson in lessons for one in lesson.body.get_prep_value()])
    return together


def _blocks_by_lesson(lessons: list[LessonPage]) -> dict[int, list[Any]]:
    blocks = iter(_together(lessons))
    return {lesson.pk: [next(blocks) for _place in range(len(lesson.body))] for lesson in lessons}


def _drawn(lessons: list[LessonPage]) -> list[str]:
    """The text of each lesson as HTML."""
    ready = prepared(_together(lessons))
    references = [value for value in leaves(ready) if isinstance(value, LegalReference)]
    prefetch_related_objects(references, "superseded_by")
    blocks = iter(ready)
    return ["".join(next(blocks).render() for _place in range(len(lesson.body))) for lesson in lessons]


def _values(blocks: list[Any]) -> list[Any]:
    return [value for block in blocks for value in leaves(block.value)]


def _broken_links(texts: dict[int, list[Any]]) -> dict[int, list[str]]:
    """By lesson: links to pages that are not published and to files that are gone."""
    linked: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for lesson, blocks in texts.items():
        for value in _values(blocks):
            for tag in LINK.finditer(value.source) if isinstance(value, RichText) else ():
                key = LINK_ID.search(tag[0])
                linked[lesson].append((tag[1], int(key[1]) if key else 0))
    wanted = {pair for pairs in linked.values() for pair in pairs}
    pages = Page.objects.live().filter(pk__in=[key for kind, key in wanted if kind == "page"])
    files = get_document_model().objects.filter(pk__in=[key for kind, key in wanted if kind == "document"])
    there = {("page", key) for key in pages.values_list("pk", flat=True)}
    there |= {("document", key) for key in files.values_list("pk", flat=True)}
    words = {
        "page": _("A link leads to a page that is not published or was deleted."),
        "document": _("A link leads to a file that was deleted."),
    }
    return defaultdict(
        list, {pk: [words[pair[0]] for pair in pairs if pair not in there] for pk, pairs in linked.items()}
    )


def _of_blocks(lesson: LessonPage, blocks: list[Any]) -> Iterator[Finding]:
    """What a draft may lack although learners need it."""
    lacking = {
        "figure": [("image", _("A figure has no image.")), ("alt", _("A figure has no alternative text."))],
        "video": [("transcript", _("The video “%(title)s” has no transcript."))],
        "file": [("document", _("The file “%(title)s” is gone."))],
        "legal_basis": [("reference", _("A legal basis names no regulation."))],
        "article": [("reference", _("A quotation of an article names no regulation."))],
    }
    for block in blocks:
        for name, words in lacking.get(block.block_type, []):
            if not block.value[name]:
                yield Finding(
                    lesson.title, _edit(lesson), words % {"title": block.value.get("title", "")}, is_wrong=True
                )


def _of_headings(lesson: LessonPage, blocks: list[Any]) -> Iterator[Finding]:
    """A heading of the third level stands below one of the second, and none is empty."""
    sources = (value.source for block in blocks if block.block_type == "text" for value in leaves(block.value))
    headings = [(int(level), strip_tags(text).strip()) for level, text in HEADING.findall("".join(sources))]
    above = 1
    for level, text in headings:
        if not text:
            yield Finding(lesson.title, _edit(lesson), _("A heading is empty."))
        elif level > above + 1:
            words = _("The heading “%(heading)s” skips a level: a larger heading belongs above it.")
            yield Finding(lesson.title, _edit(lesson), words % {"heading": text})
        above = level


def _measure(lesson: LessonPage, html: str, values: list[Any]) -> Measure:
    words = len(strip_tags(html.replace("<", " <")).split())
    images = sum(_image_bytes(one) for one in values if isinstance(one, AbstractImage))
    return Measure(
        title=lesson.title,
        url=_edit(lesson),
        words=words,
        needed_minutes=-(-words // WORDS_A_MINUTE),
        stated_minutes=lesson.reading_minutes or 0,
        weight=(FRAME_BYTES + len(html.encode()) // 3 + images) // 1000,
    )


def _of_measure(measure: Measure) -> Iterator[Finding]:
    if measure.is_off:
        text = _("%(words)d words take about %(needed)d minutes to read; the lesson says %(stated)d.")
        words = {"words": measure.words, "needed": measure.needed_minutes, "stated": measure.stated_minutes}
        yield Finding(measure.title, measure.url, text % words)
    if measure.is_heavy:
        text = _("The page weighs about %(weight)d kB; a weak line bears %(most)d kB. Make its images smaller.")
        yield Finding(measure.title, measure.url, text % {"weight": measure.weight, "most": MOST_WEIGHT})


def _image_bytes(image: AbstractImage) -> int:
    """A raster image is sent at a third of what was uploaded at most, as WebP; an SVG as it is."""
    size = image.file_size or 0
    return size if image.is_svg() else min(size // 3, 80_000)


def _of_references(page: Page, references: list[LegalReference], on: date) -> Iterator[Finding]:
    for reference in dict.fromkeys(references):
        if text := reference_problem(reference, on=on):
            yield Finding(page.title, _edit(page), text)


def reference_problem(reference: LegalReference, *, on: date) -> str:
    """Why somebody should look at this reference again; empty if nobody need."""
    if reference.superseded_by_id is not None:
        return _("%(reference)s was superseded.") % {"reference": reference}
    if reference.review_by_on < on:
        return _("%(reference)s was to be reviewed before today.") % {"reference": reference}
    return ""


def _of_quizzes(quizzes: list[QuizPage], on: date) -> Iterator[Finding]:
    """Whether each bank has enough questions, on every topic, and what they cite."""
    questions = Question.objects.filter(bank__in={quiz.bank_id for quiz in quizzes}, retired_at__isnull=True)
    by_bank: dict[int, list[Question]] = defaultdict(list)
    for question in questions.select_related("legal_reference").order_by("pk"):
        by_bank[question.bank_id].append(question)
    for quiz in quizzes:
        bank = by_bank[quiz.bank_id]
        if len(bank) < (quiz.question_count or 0):
            text = _("Draws %(drawn)d questions, but its bank has only %(live)d.")
            words = text % {"drawn": quiz.question_count, "live": len(bank)}
            yield Finding(quiz.title, _edit(quiz), words, is_wrong=True)
        for topic, count in Counter(question.topic for question in bank).items():
            if count < QUESTIONS_A_TOPIC:
                text = _("Only %(count)d question on “%(topic)s”: whoever repeats the quiz meets it again.")
                yield Finding(quiz.title, _edit(quiz), text % {"count": count, "topic": topic})
        cited = [question.legal_reference for question in bank if question.legal_reference is not None]
        yield from _of_references(quiz, cited, on)


def _edit(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])
