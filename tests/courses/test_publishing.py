"""Publishing an edition."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from academy.pages.caching import content_version
from courses.models import (
    Edition,
    EditionAsset,
    LessonPage,
    ModulePage,
    Question,
    QuestionOption,
    QuestionVersion,
    QuizPage,
)
from courses.publishing import EditionInvalid, NothingToPublish, credit_hours_by_module, publish_edition
from tests.courses.authoring import make_course_page, make_image, make_legal_reference
from tests.factories import CourseFactory, PersonFactory, make_edition, make_enrolment

pytestmark = pytest.mark.django_db


def publish(course, now, kind="minor", by=None):
    return publish_edition(course, kind=kind, by=by, at=now)


def retitle(page, title):
    page.title = title
    page.save_revision().publish()


def test_first_edition_copies_the_published_pages_in_order(now):
    page = make_course_page(modules=2, lessons=2, questions=4)
    trainer = PersonFactory()

    edition = publish(page.course, now, by=trainer)

    assert (edition.number, edition.title, edition.published_by) == ("1.0", page.course.title, trainer)
    rows = edition.activities.order_by("position").values_list("position", "number", "kind", "title")
    assert list(rows) == [
        (1, "1.1", "lesson", "Materi 1.1"),
        (2, "1.2", "lesson", "Materi 1.2"),
        (3, "2.1", "lesson", "Materi 2.1"),
        (4, "2.2", "lesson", "Materi 2.2"),
        (5, "2.3", "quiz", "Tes akhir"),
    ]
    quiz = edition.activities.get(kind="quiz")
    assert (quiz.question_count, quiz.pass_mark, quiz.max_attempts, quiz.is_post_test) == (4, 70, 3, True)
    assert quiz.questions.count() == 4


def test_an_activity_keeps_its_key_its_text_and_its_minutes(now):
    page = make_course_page(lessons=1)
    lesson = LessonPage.objects.get()

    activity = publish(page.course, now).activities.get(position=1)

    assert activity.activity == lesson.activity
    assert list(activity.body.raw_data) == list(lesson.body.raw_data)
    assert activity.minutes == lesson.reading_minutes + lesson.practice_minutes


def test_publishing_again_without_a_change_returns_the_newest_edition(now):
    page = make_course_page()
    first = publish(page.course, now)
    assert publish(page.course, now, kind="material") == first
    assert publish(page.course, now, kind="minor") == first
    assert Edition.objects.count() == 1


def test_minor_and_material_number_the_editions(now):
    page = make_course_page()
    numbers = [publish(page.course, now).number]
    for kind in ("minor", "minor", "material", "minor"):
        retitle(LessonPage.objects.first(), f"Materi, edisi ke-{len(numbers) + 1}")
        numbers.append(publish(page.course, now, kind=kind).number)
    assert numbers == ["1.0", "1.1", "1.2", "2.0", "2.1"]


def test_an_edition_does_not_change_with_its_pages(now):
    page = make_course_page()
    edition = publish(page.course, now)
    retitle(LessonPage.objects.first(), "Judul baru")
    Question.objects.update(text="Soal baru?")
    assert not edition.activities.filter(title="Judul baru").exists()
    assert not QuestionVersion.objects.filter(text="Soal baru?").exists()


def test_drafts_and_unpublished_pages_stay_out(now):
    page = make_course_page(modules=2, lessons=2)
    lesson = LessonPage.objects.get(title="Materi 1.1")
    lesson.title = "Belum terbit"
    lesson.save_revision()
    LessonPage.objects.get(title="Materi 1.2").unpublish()
    ModulePage.objects.get(title="Modul 2").unpublish()
    edition = publish(page.course, now)

    assert list(edition.activities.values_list("title", flat=True)) == ["Materi 1.1"]
    assert edition.modules.count() == 1


def test_a_minor_edition_takes_running_learners_along(now):
    page = make_course_page()
    first = publish(page.course, now)
    running = make_enrolment(edition=first)
    finished = make_enrolment(edition=first, completed_at=now)
    withdrawn = make_enrolment(edition=first, withdrawn_at=now)
    retitle(LessonPage.objects.first(), "Diperbaiki")

    second = publish(page.course, now, kind="minor")

    for enrolment in (running, finished, withdrawn):
        enrolment.refresh_from_db()
    assert (running.edition, finished.edition, withdrawn.edition) == (second, first, first)


def test_a_material_edition_leaves_running_learners_where_they_are(now):
    page = make_course_page()
    first = publish(page.course, now)
    running = make_enrolment(edition=first)
    retitle(LessonPage.objects.first(), "Isi baru")
    publish(page.course, now, kind="material")
    running.refresh_from_db()
    assert running.edition == first


def test_other_courses_are_untouched_by_a_minor_edition(now):
    page, other = make_course_page(), make_course_page()
    publish(page.course, now)
    enrolment = make_enrolment(edition=publish(other.course, now))
    retitle(LessonPage.objects.descendant_of(page).first(), "Diperbaiki")
    publish(page.course, now, kind="minor")
    enrolment.refresh_from_db()
    assert enrolment.edition.course == other.course


@pytest.mark.parametrize("change", ["removed", "credit hours", "pass mark"])
def test_what_changes_the_deal_is_not_minor(now, change):
    page = make_course_page(lessons=3)
    publish(page.course, now)
    if change == "removed":
        LessonPage.objects.first().unpublish()
    elif change == "credit hours":
        page.course.credit_hours = 2
    else:
        page.course.pass_mark = Decimal(80)
    page.course.save()
    with pytest.raises(EditionInvalid, match="material"):
        publish(page.course, now, kind="minor")
    assert publish(page.course, now, kind="material").number == "2.0"


def test_a_question_version_is_used_again_when_its_content_is_the_same(now):
    page = make_course_page(questions=3)
    publish(page.course, now)
    before = set(QuestionVersion.objects.values_list("pk", flat=True))
    question = Question.objects.first()
    question.text = "Soal yang diperbaiki?"
    question.save()

    edition = publish(page.course, now, kind="minor")

    used = set(edition.activities.get(kind="quiz").questions.values_list("pk", flat=True))
    new = QuestionVersion.objects.exclude(pk__in=before).get()
    assert (new.question, new.number) == (question, 2)
    assert used - before == {new.pk}
    assert len(used) == 3


def test_option_ids_tell_nothing_about_the_answer(now):
    page = make_course_page(questions=30)
    publish(page.course, now)
    versions = list(QuestionVersion.objects.all())
    ids = [option["id"] for version in versions for option in version.options]
    assert len(set(ids)) > len(ids) * 0.99
    ranks = [sorted(o["id"] for o in v.options).index(next(iter(v.correct_ids))) for v in versions]
    assert len(set(ranks)) > 1


def test_a_retired_question_is_not_drawn(now):
    page = make_course_page(questions=4, drawn=3)
    Question.objects.filter(key="q0").update(retired_at=now)
    edition = publish(page.course, now)
    assert edition.activities.get(kind="quiz").questions.count() == 3


def test_a_course_without_a_published_page_has_nothing_to_publish(now):
    with pytest.raises(NothingToPublish):
        publish(CourseFactory(), now)
    page = make_course_page()
    page.unpublish()
    with pytest.raises(NothingToPublish):
        publish(page.course, now)


def test_a_course_needs_a_module_and_each_module_an_activity(now):
    page = make_course_page(modules=0)
    with pytest.raises(EditionInvalid, match="modul"):
        publish(page.course, now)
    page = make_course_page(modules=2)
    for lesson in LessonPage.objects.child_of(ModulePage.objects.child_of(page).first()):
        lesson.unpublish()
    with pytest.raises(EditionInvalid, match="Modul 1"):
        publish(page.course, now)


def test_a_quiz_cannot_draw_more_than_its_bank_has(now):
    page = make_course_page(questions=4)
    QuizPage.objects.update(question_count=5)
    with pytest.raises(EditionInvalid, match=r"5.*4"):
        publish(page.course, now)


@pytest.mark.parametrize("right", [0, 2])
def test_a_single_question_has_exactly_one_right_option(now, right):
    page = make_course_page(questions=4)
    question = Question.objects.first()
    QuestionOption.objects.filter(question=question).update(is_correct=False)
    pks = QuestionOption.objects.filter(question=question).values("pk")[:right]
    QuestionOption.objects.filter(pk__in=list(pks.values_list("pk", flat=True))).update(is_correct=True)
    with pytest.raises(EditionInvalid, match=r"exactly one|tepat satu"):
        publish(page.course, now)


def test_minutes_must_carry_the_credit_hours(now):
    page = make_course_page(modules=1, lessons=1, minutes=45)
    assert publish(page.course, now).credit_hours == 1
    page.course.credit_hours = 2
    page.course.save()
    with pytest.raises(EditionInvalid, match=r"90"):
        publish(page.course, now, kind="material")


def test_a_refused_edition_changes_nothing(now):
    page = make_course_page(questions=4)
    QuizPage.objects.update(question_count=5)
    with pytest.raises(EditionInvalid):
        publish(page.course, now)
    assert not Edition.objects.exists()
    assert not QuestionVersion.objects.exists()


def test_module_hours_are_quarter_hours_that_sum_exactly():
    # 3 hours = 12 quarters over 1:1:1 minutes of a third each
    assert credit_hours_by_module([45, 45, 45], 3) == [Decimal(1)] * 3
    # 4 quarters over 10:10:10 -> 1.33 each: the first gets the spare one
    assert credit_hours_by_module([10, 10, 10], 1) == [Decimal("0.5"), Decimal("0.25"), Decimal("0.25")]
    # 12 quarters over 50:30:60 of 140 -> 4.29, 2.57, 5.14: the spare one goes to the largest remainder
    assert credit_hours_by_module([50, 30, 60], 3) == [Decimal(1), Decimal("0.75"), Decimal("1.25")]
    for minutes in ([7, 11, 13, 200], [1, 1, 1, 1, 1], [45]):
        assert sum(credit_hours_by_module(minutes, 3)) == 3


def test_what_an_edition_shows_cannot_be_deleted(now):
    image, reference = make_image(), make_legal_reference()
    page = make_course_page(
        body=[
            {"type": "figure", "value": {"image": image.pk, "alt": "Bagan", "caption": "", "description": ""}},
            {"type": "legal_basis", "value": {"reference": reference.pk, "note": ""}},
        ]
    )
    publish(page.course, now)
    assert EditionAsset.objects.filter(image=image).exists()
    for asset in (image, reference):
        with pytest.raises(ProtectedError):
            asset.delete()


def test_deleting_the_pages_leaves_learners_alone(now):
    page = make_course_page()
    enrolment = make_enrolment(edition=publish(page.course, now))
    page.delete()
    enrolment.refresh_from_db()
    assert enrolment.edition.activities.count() == 3
    assert enrolment.run.course == page.course


def test_kept_public_pages_are_out_of_date_after_publishing(now, django_capture_on_commit_callbacks):
    page = make_course_page()
    cache.clear()
    before = content_version()
    with django_capture_on_commit_callbacks(execute=True):
        publish(page.course, now)
    assert content_version() != before


@pytest.mark.parametrize("rule", ["question_count", "pass_mark", "max_attempts"])
def test_a_quiz_without_its_rules_is_refused_by_the_database(rule):
    quiz = make_edition().activities.filter(kind="quiz")
    with pytest.raises(IntegrityError), transaction.atomic():
        quiz.update(**{rule: None})
