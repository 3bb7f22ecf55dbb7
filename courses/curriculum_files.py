"""The curriculum as files: `courses/curriculum/`, read and checked before anything is written."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from academy.pages.content_files import ContentError, Fields, MarkdownFile, read_mapping, read_mappings, read_markdown
from courses.models import Level, QuestionKind

CURRICULUM = Path(__file__).resolve().parent / "curriculum"
NAMESPACE = uuid.UUID("6f1a7c0e-3b0d-5d52-8a66-0c1b7a5e7d21")
DEFAULT_ORGANISER = "BPSDMD-NTT"
LEGAL_REFERENCES = "legal-references.yaml"
YOU_CAN = "Anda dapat "


@dataclass(frozen=True)
class LegalReferenceFile:
    key: str
    regulation: str
    article: str
    summary: str
    as_of_on: date
    review_by_on: date
    url: str
    superseded_by: str


@dataclass(frozen=True)
class LessonFile:
    key: str
    title: str
    summary: str
    reading_minutes: int
    practice_minutes: int
    slug: str
    markdown: MarkdownFile


@dataclass(frozen=True)
class ModuleFile:
    key: str
    title: str
    summary: str
    slug: str
    lessons: tuple[LessonFile, ...]


@dataclass(frozen=True)
class QuestionFile:
    """`topic` is the title of the module, `lesson` the key of the lesson to read again; both may be empty."""

    key: str
    topic: str
    lesson: str
    kind: str
    text: str
    options: tuple[tuple[str, bool], ...]
    explanation: str
    legal: str


@dataclass(frozen=True)
class PostTestFile:
    key: str
    title: str
    draw: int
    max_attempts: int
    time_limit_minutes: int
    minutes: int


@dataclass(frozen=True)
class CourseFile:
    folder: Path
    key: str
    code: str
    title: str
    short_title: str
    summary: str
    level: str
    audience: str
    topics: tuple[str, ...]
    outcomes: tuple[str, ...]
    trainer: str
    organiser: str
    credit_hours: int
    pass_mark: int
    sequential: bool
    legal: tuple[str, ...]
    modules: tuple[ModuleFile, ...]
    post_test: PostTestFile
    questions: tuple[QuestionFile, ...]

    def activity(self, key: str) -> uuid.UUID:
        """The stable key of a lesson or the post-test: the same in every installation."""
        return uuid.uuid5(NAMESPACE, f"{self.key}/{key}")


def course_keys(root: Path) -> list[str]:
    return sorted(folder.parent.name for folder in root.glob("*/course.yaml"))


def read_legal_references(root: Path) -> list[LegalReferenceFile]:
    """All references: those of the whole curriculum, then those of each course."""
    paths = [root / LEGAL_REFERENCES, *(root / key / LEGAL_REFERENCES for key in course_keys(root))]
    found: dict[str, LegalReferenceFile] = {}
    for path in paths:
        for fields in read_mappings(path) if path.exists() else []:
            reference = _legal_reference(fields)
            if reference.key in found:
                raise fields.error("key", f"{reference.key} stands in the curriculum twice")
            found[reference.key] = reference
    return list(found.values())


def _legal_reference(fields: Fields) -> LegalReferenceFile:
    reference = LegalReferenceFile(
        key=fields.text("key", longest=80),
        regulation=fields.text("regulation", longest=200),
        article=fields.text("article", "", longest=80),
        summary=fields.text("summary"),
        as_of_on=fields.day("as_of"),
        review_by_on=fields.day("review_by"),
        url=fields.text("url", "", longest=200),
        superseded_by=fields.text("superseded_by", ""),
    )
    fields.text("note", "")  # for whoever reviews the file
    fields.done()
    return reference


def read_course(root: Path, key: str, *, legal_keys: set[str]) -> CourseFile:
    """A course with its modules, lessons and questions; ContentError tells what is wrong and where."""
    folder = root / key
    fields = read_mapping(folder / "course.yaml")
    if fields.text("key", longest=80) != key:
        raise fields.error("key", f"must be the name of the folder, {key}")
    modules = tuple(_module(fields, folder / name) for name in fields.texts("modules"))
    _refuse_repeats(fields, [lesson.key for module in modules for lesson in module.lessons])
    post_test = _post_test(fields.mapping("post_test"))
    questions = _questions(folder / "questions.yaml", modules, legal_keys)
    if len(questions) < post_test.draw:
        raise fields.error("post_test", f"draws {post_test.draw}, but questions.yaml has {len(questions)}")
    course = CourseFile(
        folder=folder,
        key=key,
        code=fields.text("code", longest=16),
        title=fields.text("title", longest=200),
        short_title=fields.text("short_title", "", longest=80),
        summary=fields.text("summary"),
        level=fields.choice("level", Level.values),
        audience=fields.text("audience", longest=200),
        topics=tuple(fields.texts("topics", [])),
        outcomes=tuple(outcome.removeprefix(YOU_CAN).rstrip(".") for outcome in fields.texts("outcomes")),
        trainer=fields.text("trainer", "", longest=200),
        organiser=fields.text("organiser", DEFAULT_ORGANISER),
        credit_hours=fields.number("credit_hours", least=1),
        pass_mark=fields.number("pass_mark", 70),
        sequential=fields.flag("sequential", default=True),
        legal=_known(fields, "legal", legal_keys),
        modules=modules,
        post_test=post_test,
        questions=questions,
    )
    fields.day("as_of")
    fields.text("trainer_note", "")
    fields.done()
    return course


def _module(course: Fields, folder: Path) -> ModuleFile:
    if not folder.is_dir():
        raise course.error("modules", f"there is no folder {folder.name}")
    fields = read_mapping(folder / "module.yaml")
    module = ModuleFile(
        key=fields.text("key"),
        title=fields.text("title", longest=255),
        summary=fields.text("summary", ""),
        slug=_slug(folder.name),
        lessons=tuple(_lesson(path) for path in sorted(folder.glob("*.md"))),
    )
    fields.done()
    if not module.lessons:
        raise ContentError(folder / "module.yaml", 1, "the module has no lesson (*.md)")
    return module


def _lesson(path: Path) -> LessonFile:
    markdown = read_markdown(path)
    fields = markdown.fields
    lesson = LessonFile(
        key=fields.text("key"),
        title=fields.text("title", longest=255),
        summary=fields.text("summary", ""),
        reading_minutes=fields.number("reading_minutes", least=1),
        practice_minutes=fields.number("practice_minutes", 0),
        slug=_slug(path.stem),
        markdown=markdown,
    )
    fields.texts("legal", [])  # what the text uses stands in its boxes; this list is for whoever reviews it
    fields.done()
    return lesson


def _slug(name: str) -> str:
    """The name of a file without the number that orders it."""
    number, _dash, rest = name.partition("-")
    return rest if number.isdigit() and rest else name


def _post_test(fields: Fields) -> PostTestFile:
    post_test = PostTestFile(
        key=fields.text("key"),
        title=fields.text("title", longest=255),
        draw=fields.number("draw", least=1),
        max_attempts=fields.number("max_attempts", 3, least=1),
        time_limit_minutes=fields.number("time_limit_minutes", least=1),
        minutes=fields.number("minutes", least=1),
    )
    fields.done()
    return post_test


def _questions(path: Path, modules: Sequence[ModuleFile], legal_keys: set[str]) -> tuple[QuestionFile, ...]:
    topics = {module.key: module.title for module in modules}
    lessons = {lesson.key for module in modules for lesson in module.lessons}
    questions: dict[str, QuestionFile] = {}
    for fields in read_mappings(path):
        question = _question(fields, topics, lessons, legal_keys)
        if question.key in questions:
            raise fields.error("key", f"{question.key} stands here twice")
        questions[question.key] = question
    return tuple(questions.values())


def _question(fields: Fields, topics: dict[str, str], lessons: set[str], legal_keys: set[str]) -> QuestionFile:
    kind = fields.choice("kind", QuestionKind.values)
    options = []
    for option in fields.mappings("options"):
        options.append((option.text("text", longest=400), option.flag("correct")))
        option.done()
    right = sum(is_correct for _text, is_correct in options)
    if len(options) < 2 or right == 0 or (kind == QuestionKind.SINGLE and right != 1):
        raise fields.error("options", f"{len(options)} options with {right} right ones do not fit {kind}")
    if len({text for text, _is_correct in options}) != len(options):
        raise fields.error("options", "two options read the same")
    legal = fields.text("legal", "")
    if legal and legal not in legal_keys:
        raise fields.error("legal", f"there is no legal reference {legal}")
    question = QuestionFile(
        key=fields.text("key", longest=80),
        topic=topics[fields.choice("topic", list(topics))],
        lesson=fields.choice("lesson", sorted(lessons)),
        kind=kind,
        text=fields.text("text"),
        options=tuple(options),
        explanation=fields.text("explanation"),
        legal=legal,
    )
    fields.done()
    return question


def _known(fields: Fields, name: str, known: set[str]) -> tuple[str, ...]:
    keys = fields.texts(name, [])
    for key in keys:
        if key not in known:
            raise fields.error(name, f"there is no legal reference {key}")
    return tuple(keys)


def _refuse_repeats(course: Fields, keys: list[str]) -> None:
    for key in keys:
        if keys.count(key) > 1:
            raise course.error("modules", f"the lesson key {key} is used twice")
