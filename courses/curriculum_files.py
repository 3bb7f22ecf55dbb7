"""The curriculum as files: `courses/curriculum/`, read and checked before anything is written.

A course package holds one such course; docs/course-package.md tells every file and field.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.utils.text import slugify
from django.utils.translation import gettext as _

from academy.pages.content_files import ContentError, Fields, MarkdownFile, read_mapping, read_mappings, read_markdown
from courses.models import Level, QuestionKind
from courses.models.course import MOST_VALIDITY_MONTHS

CURRICULUM = Path(__file__).resolve().parent / "curriculum"
NAMESPACE = uuid.UUID("6f1a7c0e-3b0d-5d52-8a66-0c1b7a5e7d21")
DEFAULT_ORGANISER = "BPSDMD-NTT"
LEGAL_REFERENCES = "legal-references.yaml"
QUESTIONS = "questions.yaml"
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
    activity: uuid.UUID | None
    markdown: MarkdownFile


@dataclass(frozen=True)
class QuizFile:
    """`position` is its place in the module, from 1; `bank` the key of the bank it draws from."""

    key: str
    title: str
    summary: str
    slug: str
    activity: uuid.UUID | None
    position: int
    bank: str
    draw: int
    max_attempts: int
    time_limit_minutes: int | None
    minutes: int
    is_post_test: bool


@dataclass(frozen=True)
class ModuleFile:
    """`activities` are in the order in which learners take them."""

    key: str
    title: str
    summary: str
    slug: str
    activities: tuple[LessonFile | QuizFile, ...]

    @property
    def lessons(self) -> tuple[LessonFile, ...]:
        return tuple(activity for activity in self.activities if isinstance(activity, LessonFile))

    @property
    def quizzes(self) -> tuple[QuizFile, ...]:
        return tuple(activity for activity in self.activities if isinstance(activity, QuizFile))


@dataclass(frozen=True)
class QuestionFile:
    """`topic` is usually the title of a module, `lesson` the key of the lesson to read again, which may be empty."""

    key: str
    topic: str
    lesson: str
    kind: str
    text: str
    options: tuple[tuple[str, bool], ...]
    explanation: str
    legal: str


@dataclass(frozen=True)
class BankFile:
    key: str
    title: str
    questions: tuple[QuestionFile, ...]


@dataclass(frozen=True)
class CourseFile:
    folder: Path
    key: str
    code: str
    title: str
    page_title: str
    short_title: str
    summary: str
    level: str
    audience: str
    topics: tuple[str, ...]
    outcomes: tuple[str, ...]
    trainer: str
    organiser: str
    credit_hours: int
    pass_mark: Decimal
    sequential: bool
    self_paced: bool
    validity_months: int | None
    legal: tuple[str, ...]
    modules: tuple[ModuleFile, ...]
    banks: tuple[BankFile, ...]

    def activity(self, key: str) -> uuid.UUID:
        """The stable key of a lesson or a quiz, the same in every installation: as stated, else made from its key."""
        return self.activities.get(key) or uuid.uuid5(NAMESPACE, f"{self.key}/{key}")

    @property
    def activities(self) -> dict[str, uuid.UUID | None]:
        """Every lesson and quiz by key, with the stable key its file states."""
        return {activity.key: activity.activity for module in self.modules for activity in module.activities}


def course_keys(root: Path) -> list[str]:
    return sorted(folder.parent.name for folder in root.glob("*/course.yaml"))


def read_legal_references(root: Path) -> list[LegalReferenceFile]:
    """All references, of the whole curriculum and of each course; each one after that which replaced it."""
    paths = [root / LEGAL_REFERENCES, *(root / key / LEGAL_REFERENCES for key in course_keys(root))]
    found: dict[str, LegalReferenceFile] = {}
    places: dict[str, Fields] = {}
    for path in paths:
        for fields in read_mappings(path) if path.exists() else []:
            reference = _legal_reference(fields)
            if reference.key in found:
                raise fields.error("key", _("%(key)s stands in the curriculum twice") % {"key": reference.key})
            found[reference.key], places[reference.key] = reference, fields
    return _replacements_first(found, places)


def _replacements_first(found: dict[str, LegalReferenceFile], places: dict[str, Fields]) -> list[LegalReferenceFile]:
    ordered: dict[str, LegalReferenceFile] = {}
    for first in found:
        chain: list[str] = []
        key = first
        while key and key not in ordered:
            chain.append(key)
            after = found[key].superseded_by
            if after and (after not in found or after in chain):
                problem = _("leads in a circle") if after in found else _no_reference(after)
                raise places[key].error("superseded_by", problem)
            key = after
        ordered |= {each: found[each] for each in reversed(chain)}
    return list(ordered.values())


def _no_reference(key: str) -> str:
    return _("there is no legal reference %(key)s") % {"key": key}


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
        raise fields.error("key", _("must be the name of the folder, %(key)s") % {"key": key})
    modules = tuple(_module(fields, folder / name) for name in fields.texts("modules"))
    title = fields.text("title", longest=200)
    short_title = fields.text("short_title", "", longest=80)
    if "post_test" in fields:
        modules = _with_post_test(fields, key, modules)
    _refuse_repeats(fields, [module.key for module in modules])
    _refuse_repeats(fields, [each.key for module in modules for each in module.activities])
    banks = _banks(fields, folder, modules, legal_keys, default=(key, f"Bank soal {short_title or title}"))
    _check_draws(fields, modules, banks)
    course = CourseFile(
        folder=folder,
        key=key,
        code=fields.text("code", longest=16),
        title=title,
        page_title=fields.text("page_title", title, longest=255),
        short_title=short_title,
        summary=fields.text("summary"),
        level=fields.choice("level", Level.values),
        audience=fields.text("audience", longest=200),
        topics=tuple(fields.texts("topics", [])),
        outcomes=tuple(outcome.removeprefix(YOU_CAN).rstrip(".") for outcome in fields.texts("outcomes")),
        trainer=fields.text("trainer", "", longest=200),
        organiser=fields.text("organiser", DEFAULT_ORGANISER),
        credit_hours=fields.number("credit_hours", least=1),
        pass_mark=_pass_mark(fields),
        sequential=fields.flag("sequential", default=True),
        self_paced=fields.flag("self_paced", default=True),
        validity_months=_validity(fields),
        legal=_known(fields, "legal", legal_keys),
        modules=modules,
        banks=banks,
    )
    if "as_of" in fields:
        fields.day("as_of")  # for whoever reviews the file, as the next one
    fields.text("trainer_note", "")
    fields.done()
    return course


def _module(course: Fields, folder: Path) -> ModuleFile:
    if not folder.is_dir():
        raise course.error("modules", _("there is no folder %(name)s") % {"name": folder.name})
    fields = read_mapping(folder / "module.yaml")
    module = ModuleFile(
        key=fields.text("key"),
        title=fields.text("title", longest=255),
        summary=fields.text("summary", ""),
        slug=_slug(folder.name),
        activities=_activities(folder, fields),
    )
    fields.done()
    if not module.activities:
        raise ContentError(folder / "module.yaml", 1, _("the module has no lesson (*.md)"))
    return module


def _activities(folder: Path, module: Fields) -> tuple[LessonFile | QuizFile, ...]:
    """The lessons in the order of their names, the quizzes put in at their places."""
    activities: list[LessonFile | QuizFile] = [_lesson(path) for path in sorted(folder.glob("*.md"))]
    quizzes = [_quiz(fields) for fields in module.mappings("quizzes")] if "quizzes" in module else []
    for quiz in sorted(quizzes, key=lambda each: each.position):
        if quiz.position > len(activities) + 1:
            raise module.error("quizzes", _("the module has no place %(position)d") % {"position": quiz.position})
        activities.insert(quiz.position - 1, quiz)
    return tuple(activities)


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
        activity=_activity(fields),
        markdown=markdown,
    )
    fields.texts("legal", [])  # what the text uses stands in its boxes; this list is for whoever reviews it
    fields.done()
    return lesson


def _slug(name: str) -> str:
    """The name of a file without the number that orders it."""
    number, _dash, rest = name.partition("-")
    return rest if number.isdigit() and rest else name


def _activity(fields: Fields) -> uuid.UUID | None:
    text = fields.text("activity", "")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise fields.error("activity", _("expected a UUID")) from None


def _pass_mark(fields: Fields) -> Decimal:
    mark = fields.decimal("pass_mark")
    exact = Decimal("70.00") if mark is None else Decimal(str(mark)).quantize(Decimal("0.01"))
    if not 0 <= exact <= 100:
        raise fields.error("pass_mark", _("%(mark)s is not between 0 and 100") % {"mark": mark})
    return exact


def _validity(fields: Fields) -> int | None:
    if "validity_months" not in fields:
        return None
    months = fields.number("validity_months", least=1)
    if months > MOST_VALIDITY_MONTHS:
        raise fields.error("validity_months", _("is more than %(most)d") % {"most": MOST_VALIDITY_MONTHS})
    return months


def _quiz(fields: Fields) -> QuizFile:
    key = fields.text("key")
    has_limit = "time_limit_minutes" in fields
    quiz = QuizFile(
        key=key,
        title=fields.text("title", longest=255),
        summary=fields.text("summary", ""),
        slug=fields.text("slug", slugify(key)),
        activity=_activity(fields),
        position=fields.number("position", least=1),
        bank=fields.text("bank"),
        draw=fields.number("draw", least=1),
        max_attempts=fields.number("max_attempts", 3, least=1),
        time_limit_minutes=fields.number("time_limit_minutes", least=1) if has_limit else None,
        minutes=fields.number("minutes", least=1),
        is_post_test=fields.flag("is_post_test", default=True),
    )
    fields.done()
    return quiz


def _with_post_test(course: Fields, key: str, modules: tuple[ModuleFile, ...]) -> tuple[ModuleFile, ...]:
    """The short form of a quiz: one at the end of the last module, from the one bank of the course."""
    fields = course.mapping("post_test")
    post_test = QuizFile(
        key=fields.text("key"),
        title=fields.text("title", longest=255),
        summary="",
        slug=slugify(fields.text("key")),
        activity=None,
        position=len(modules[-1].activities) + 1 if modules else 1,
        bank=key,
        draw=fields.number("draw", least=1),
        max_attempts=fields.number("max_attempts", 3, least=1),
        time_limit_minutes=fields.number("time_limit_minutes", least=1),
        minutes=fields.number("minutes", least=1),
        is_post_test=True,
    )
    fields.done()
    if not modules:
        raise course.error("modules", _("there is none"))
    return (*modules[:-1], replace(modules[-1], activities=(*modules[-1].activities, post_test)))


def _banks(
    course: Fields, folder: Path, modules: Sequence[ModuleFile], legal_keys: set[str], *, default: tuple[str, str]
) -> tuple[BankFile, ...]:
    """The banks the course names; else the one of `default` key and title, unless there is no questions.yaml."""
    if "banks" not in course:
        key, title = default
        if not (folder / QUESTIONS).exists() and not any(module.quizzes for module in modules):
            return ()
        return (BankFile(key, title, _questions(folder / QUESTIONS, modules, legal_keys)),)
    banks: dict[str, BankFile] = {}
    for fields in course.mappings("banks"):
        name = fields.text("questions", QUESTIONS)
        if Path(name).name != name or not name.endswith(".yaml"):
            raise fields.error("questions", _("expected the name of a file such as questions-2.yaml"))
        bank = BankFile(
            key=fields.text("key", longest=80),
            title=fields.text("title", longest=200),
            questions=_questions(folder / name, modules, legal_keys),
        )
        fields.done()
        if bank.key in banks:
            raise course.error("banks", _("%(key)s stands here twice") % {"key": bank.key})
        banks[bank.key] = bank
    return tuple(banks.values())


def _check_draws(course: Fields, modules: Sequence[ModuleFile], banks: Sequence[BankFile]) -> None:
    sizes = {bank.key: len(bank.questions) for bank in banks}
    for quiz in (quiz for module in modules for quiz in module.quizzes):
        name = "post_test" if "post_test" in course else "modules"
        if quiz.bank not in sizes:
            raise course.error(
                name,
                _("the quiz %(quiz)s draws from %(bank)s, which is no bank of the course")
                % {"quiz": quiz.key, "bank": quiz.bank},
            )
        if sizes[quiz.bank] < quiz.draw:
            raise course.error(
                name,
                _("%(quiz)s draws %(draw)d, but its bank has %(size)d")
                % {"quiz": quiz.key, "draw": quiz.draw, "size": sizes[quiz.bank]},
            )


def _questions(path: Path, modules: Sequence[ModuleFile], legal_keys: set[str]) -> tuple[QuestionFile, ...]:
    topics = {module.key: module.title for module in modules}
    lessons = {lesson.key for module in modules for lesson in module.lessons}
    questions: dict[str, QuestionFile] = {}
    for fields in read_mappings(path):
        question = _question(fields, topics, lessons, legal_keys)
        if question.key in questions:
            raise fields.error("key", _("%(key)s stands here twice") % {"key": question.key})
        questions[question.key] = question
    return tuple(questions.values())


def _topic(fields: Fields, topics: dict[str, str]) -> str:
    """The title of the module named by `topic`, or the words of `topic_text`."""
    if "topic_text" in fields:
        return fields.text("topic_text", longest=120)
    topic = topics[fields.choice("topic", list(topics))]
    if len(topic) > 120:
        raise fields.error("topic", _("the title of this module is too long for a topic; write topic_text"))
    return topic


def _question(fields: Fields, topics: dict[str, str], lessons: set[str], legal_keys: set[str]) -> QuestionFile:
    kind = fields.choice("kind", QuestionKind.values)
    options = []
    for option in fields.mappings("options"):
        options.append((option.text("text", longest=400), option.flag("correct")))
        option.done()
    right = sum(is_correct for _text, is_correct in options)
    if len(options) < 2 or right == 0 or (kind == QuestionKind.SINGLE and right != 1):
        raise fields.error(
            "options",
            _("%(count)d options with %(right)d right ones do not fit %(kind)s")
            % {"count": len(options), "right": right, "kind": kind},
        )
    if len({text for text, _is_correct in options}) != len(options):
        raise fields.error("options", _("two options read the same"))
    legal = fields.text("legal", "")
    if legal and legal not in legal_keys:
        raise fields.error("legal", _no_reference(legal))
    question = QuestionFile(
        key=fields.text("key", longest=80),
        topic=_topic(fields, topics),
        lesson=fields.choice("lesson", ["", *sorted(lessons)], ""),
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
            raise fields.error(name, _no_reference(key))
    return tuple(keys)


def _refuse_repeats(course: Fields, keys: list[str]) -> None:
    for key in keys:
        if keys.count(key) > 1:
            raise course.error("modules", _("the key %(key)s is used twice") % {"key": key})
