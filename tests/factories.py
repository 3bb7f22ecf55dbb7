"""Synthetic people, courses and completions for tests. All NIPs are made up."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from academy.people import units
from academy.people.models import Agency, Organiser, Person, Placement, Role, WorkUnit
from courses import credit_hours, progress
from courses.models import (
    Completion,
    Course,
    Edition,
    EditionActivity,
    EditionModule,
    EditionQuestion,
    Enrolment,
    Question,
    QuestionBank,
    QuestionOption,
    QuestionVersion,
    Run,
)
from courses.validity import last_day

AT = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def make_nip(sequence: int, *, appointed: str = "202012", born: str = "19940712", sex: int = 2) -> str:
    """A synthetic PNS number; `sequence` from 0 on makes it unique."""
    year = 1970 + sequence // 999 % 30
    return f"{year}{born[4:]}{appointed}{sex}{sequence % 999 + 1:03d}"


class AgencyFactory(DjangoModelFactory[Agency]):
    class Meta:
        model = Agency

    code = factory.Sequence(lambda n: f"99{n:02d}")
    kind = Agency.Kind.REGENCY
    name = factory.Sequence(lambda n: f"Pemerintah Kab. Contoh {n}")


def make_unit(name: str = "Dinas Komunikasi dan Informatika", *, agency: Agency | None = None) -> WorkUnit:
    """A unit below the root of `agency` (a new agency if none is given)."""
    return units.ensure_unit(units.ensure_root(agency or AgencyFactory()), name)


@cache
def _hashed(password: str) -> str:
    """Hashing takes a third of a second, as it should; tests of one password do it once."""
    return make_password(password)


class PersonFactory(DjangoModelFactory[Person]):
    class Meta:
        model = Person
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Maria Contoh {n}")
    title_after = "S.Kom."
    nip = factory.Sequence(make_nip)
    email = factory.Sequence(lambda n: f"maria{n}@contoh.test")
    grade = "III/a"
    position = "Pranata Komputer Ahli Pertama"
    unit = factory.LazyFunction(make_unit)

    @factory.post_generation
    def placement(self: Person, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and self.unit:
            Placement.objects.create(person=self, unit=self.unit, from_on=date(2020, 1, 1))

    @factory.post_generation
    def password(self: Person, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.password = _hashed(extracted) if extracted else make_password(None)
        if create:
            self.save(update_fields=["password"])


def make_hr(unit: WorkUnit, **fields: Any) -> Person:
    """An HR officer over `unit` and all below it."""
    person = PersonFactory(unit=unit, **fields)
    Role.objects.create(person=person, kind=Role.Kind.HR, unit=unit, from_at=LONG_AGO)
    return person


class OrganiserFactory(DjangoModelFactory[Organiser]):
    class Meta:
        model = Organiser

    code = factory.Sequence(lambda n: f"BPSDMD{n}")
    unit = factory.LazyFunction(lambda: make_unit("Badan Pengembangan Sumber Daya Manusia Daerah"))
    government_name = "Pemerintah Provinsi Nusa Tenggara Timur"
    name = "Badan Pengembangan Sumber Daya Manusia Daerah Provinsi Nusa Tenggara Timur"
    short_name = "BPSDMD Provinsi NTT"
    city = "Kupang"
    signatory_name = "Dr. Yosefina Contoh, M.Si."
    signatory_nip = "197004181995032001"
    signatory_position = "Kepala Badan"


class CourseFactory(DjangoModelFactory[Course]):
    class Meta:
        model = Course

    key = factory.Sequence(lambda n: f"pelatihan-{n}")
    code = factory.Sequence(lambda n: f"X{n}")
    title = factory.Sequence(lambda n: f"Pelatihan Contoh {n}")
    organiser = factory.SubFactory(OrganiserFactory)
    credit_hours = 3


def make_question_version(number: int, *, bank: QuestionBank, kind: str = "single") -> QuestionVersion:
    """A question whose right options have the ids `a` (single) or `a` and `b` (multiple)."""
    right = {"a"} if kind == "single" else {"a", "b"}
    question = Question.objects.create(
        bank=bank, key=f"q{number}", kind=kind, topic="topik", text=f"Soal {number}?", explanation="Karena begitu."
    )
    for position, letter in enumerate("abcd"):
        QuestionOption.objects.create(
            question=question, sort_order=position, text=f"Pilihan {letter}", is_correct=letter in right
        )
    return QuestionVersion.objects.create(
        question=question,
        number=1,
        content_hash=f"{number:064d}",
        kind=kind,
        topic="topik",
        text=question.text,
        options=[{"id": letter, "text": f"Pilihan {letter}", "is_correct": letter in right} for letter in "abcd"],
        explanation=question.explanation,
    )


def make_edition(
    course: Course | None = None, *, lessons: int = 2, questions: int = 4, max_attempts: int = 3, **fields: Any
) -> Edition:
    """Edition 1.0 with one module: `lessons` lessons, then a post-test over `questions` questions (none if 0)."""
    course = course or CourseFactory()
    edition = Edition.objects.create(
        **{
            "course": course,
            "major": 1,
            "minor": 0,
            "title": course.title,
            "credit_hours": course.credit_hours,
            "pass_mark": Decimal(70),
            "sequential": True,
            "published_at": AT,
        }
        | fields
    )
    module = EditionModule.objects.create(
        edition=edition, position=1, title="Modul pertama", credit_hours=edition.credit_hours
    )
    for position in range(1, lessons + 1):
        EditionActivity.objects.create(
            edition=edition,
            module=module,
            activity=uuid.uuid4(),
            position=position,
            number=f"1.{position}",
            kind="lesson",
            title=f"Materi {position}",
            minutes=45,
            body=[{"type": "text", "value": f"<p>Isi materi {position}.</p>"}],
        )
    if questions:
        quiz = EditionActivity.objects.create(
            edition=edition,
            module=module,
            activity=uuid.uuid4(),
            position=lessons + 1,
            number=f"1.{lessons + 1}",
            kind="quiz",
            title="Tes akhir",
            minutes=45,
            question_count=questions,
            pass_mark=edition.pass_mark,
            max_attempts=max_attempts,
            time_limit_minutes=30,
            is_post_test=True,
        )
        bank = QuestionBank.objects.create(key=f"bank-{edition.pk}", title="Bank", organiser=course.organiser)
        for number in range(questions):
            version = make_question_version(number, bank=bank)
            EditionQuestion.objects.create(activity=quiz, version=version)
    return edition


class RunFactory(DjangoModelFactory[Run]):
    """The self-paced run of 2026."""

    class Meta:
        model = Run

    course = factory.SubFactory(CourseFactory)
    year = 2026
    opens_on = date(2026, 1, 1)
    closes_on = date(2026, 12, 31)


def make_enrolment(person: Person | None = None, *, edition: Edition | None = None, **fields: Any) -> Enrolment:
    """A running enrolment in the self-paced run of 2026."""
    person = person or PersonFactory()
    edition = edition or make_edition()
    run = Run.objects.filter(course=edition.course, year=2026).first() or RunFactory(course=edition.course)
    return Enrolment.objects.create(
        **{
            "person": person,
            "run": run,
            "course": edition.course,
            "edition": edition,
            "unit": person.unit,
            "agency": person.unit.agency if person.unit else None,
            "enrolled_at": AT,
        }
        | fields
    )


def make_completion(person: Person | None = None, *, edition: Edition | None = None, **fields: Any) -> Completion:
    """A passed completion, as a bare row: no signal is sent and nothing is issued."""
    return complete(make_enrolment(person, edition=edition), **fields)


def complete(enrolment: Enrolment, **fields: Any) -> Completion:
    """The same for an enrolment that is there, with what the action writes beside it."""
    completed_on = fields.get("completed_on", date(2026, 11, 24))
    months = enrolment.edition.validity_months
    completion = Completion.objects.create(
        **{
            "enrolment": enrolment,
            "outcome": Completion.Outcome.PASSED,
            "person": enrolment.person,
            "course": enrolment.edition.course,
            "edition": enrolment.edition,
            "unit": enrolment.unit,
            "agency": enrolment.agency,
            "score": Decimal(88),
            "credit_hours": enrolment.edition.credit_hours,
            "completed_at": AT,
            "completed_on": completed_on,
            "valid_until": last_day(completed_on, months=months) if months else None,
        }
        | fields
    )
    progress.mirror(enrolment, completion)
    credit_hours.count(completion)
    return completion
