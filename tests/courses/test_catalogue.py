"""The catalogue and the page of a course, for strangers and for learners."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from courses.models import (
    ActivityProgress,
    Course,
    Enrolment,
    LegalReference,
    LessonPage,
    ModulePage,
    Question,
    QuestionOption,
    QuizPage,
)
from courses.publishing import publish_edition
from tests.courses.authoring import make_catalog, make_course_page, make_legal_reference
from tests.factories import PersonFactory, RunFactory, make_completion, make_enrolment

pytestmark = pytest.mark.django_db
CATALOGUE = "/katalog/"


def make_published(now, *, level="dasar", **fields):
    page = make_course_page(**fields)
    Course.objects.filter(pk=page.course_id).update(level=level)
    page.course.refresh_from_db()
    publish_edition(page.course, kind="minor", by=None, at=now)
    return page


def get(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(response.content.decode()))


@pytest.fixture
def page(now):
    return make_published(now, title="Dasar SPBE", slug="dasar-spbe")


@pytest.fixture
def learner(client):
    person = PersonFactory()
    client.force_login(person)
    return person


def enrol(person, page, **fields):
    return make_enrolment(person, edition=page.course.editions.get(), **fields)


def test_the_catalogue_lists_courses_that_have_an_edition(client, page):
    make_course_page(title="Tanpa edisi", slug="tanpa-edisi")
    text = get(client, CATALOGUE)
    assert "Dasar SPBE" in text
    assert "menjelaskan hal pertama" in text
    assert 'href="/katalog/dasar-spbe/"' in text
    assert "Tanpa edisi" not in text


def test_an_unpublished_course_leaves_the_catalogue(client, page, django_capture_on_commit_callbacks):
    get(client, CATALOGUE)
    with django_capture_on_commit_callbacks(execute=True):
        page.unpublish()
    assert "Dasar SPBE" not in get(client, CATALOGUE)
    assert client.get("/katalog/dasar-spbe/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=spbe", {"Dasar SPBE"}),
        ("?q=ringkasan+PELATIHAN", {"Dasar SPBE", "Kata Sandi"}),
        ("?q=tidak+ada", set()),
        ("?tingkat=lanjut", {"Kata Sandi"}),
        ("?tingkat=lanjut&tingkat=dasar", {"Dasar SPBE", "Kata Sandi"}),
        ("?topik=data", {"Kata Sandi"}),
        ("?topik=data&tingkat=dasar", set()),
        ("?topik=entah", set()),
        ("?lain=1&tingkat=", set()),
        ("?q=%00%27%22", set()),
    ],
)
def test_search_and_filters_are_in_the_address(client, now, page, query, found):
    make_published(now, title="Kata Sandi", slug="kata-sandi", level="lanjut", topics="data")
    text = get(client, CATALOGUE + query)
    assert {title for title in ("Dasar SPBE", "Kata Sandi") if f">{title}</a>" in text} == found


def test_an_active_filter_can_be_taken_away(client, now, page):
    text = get(client, CATALOGUE + "?q=spbe&topik=SPBE&tingkat=dasar")
    assert 'href="?q=spbe&tingkat=dasar"' in text
    assert 'href="?q=spbe&topik=SPBE"' in text


def test_what_was_searched_is_escaped(client, page):
    text = client.get(CATALOGUE, {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in text


def test_the_catalogue_asks_little_and_keeps_asking_the_same(client, now, django_assert_max_num_queries, page):
    client.force_login(PersonFactory())
    get(client, CATALOGUE)
    with django_assert_max_num_queries(12):
        get(client, CATALOGUE)
    for number in range(4):
        make_published(now, title=f"Lagi {number}", slug=f"lagi-{number}")
    get(client, CATALOGUE)
    with django_assert_max_num_queries(12):
        get(client, CATALOGUE)


@pytest.mark.parametrize("address", [CATALOGUE, CATALOGUE + "?tingkat=dasar", "/katalog/dasar-spbe/"])
def test_a_kept_page_asks_the_database_nothing(client, page, address, django_assert_num_queries):
    first = client.get(address)
    with django_assert_num_queries(0):
        again = client.get(address)
    assert again.content == first.content
    assert b"csrfmiddlewaretoken" not in first.content
    assert not first.cookies


def test_searches_of_strangers_are_not_kept(client, page, django_assert_num_queries):
    client.get(CATALOGUE, {"q": "spbe"})
    with pytest.raises(pytest.fail.Exception), django_assert_num_queries(0):
        client.get(CATALOGUE, {"q": "spbe"})


@pytest.mark.parametrize("change", ["publish", "move", "course", "regulation", "delete"])
def test_a_change_shows_at_once(client, page, change, now, django_capture_on_commit_callbacks):
    reference = make_legal_reference()
    page.legal_references.add(reference)
    page.save_revision().publish()
    before = client.get("/katalog/dasar-spbe/").content
    with django_capture_on_commit_callbacks(execute=True):
        if change == "publish":
            page.summary = "Ringkasan baru."
            page.save_revision().publish()
        elif change == "move":
            page.slug = "nama-baru"
            page.save_revision().publish()
        elif change == "course":
            course = page.course
            course.level = "lanjut"
            course.save()
        elif change == "regulation":
            reference.summary = "Bunyi baru."
            reference.save()
        else:
            page.delete()
    assert client.get("/katalog/dasar-spbe/").content != before


def test_a_learner_gets_no_kept_page(client, page):
    client.get("/katalog/dasar-spbe/")
    person = PersonFactory(name="Yuliana Tefa")
    client.force_login(person)
    assert "Yuliana Tefa" in get(client, "/katalog/dasar-spbe/")
    client.logout()
    assert "Yuliana Tefa" not in get(client, "/katalog/dasar-spbe/")


def test_a_stranger_is_led_to_sign_in_and_back(client, page):
    text = get(client, "/katalog/dasar-spbe/")
    assert f'href="{reverse("account_login")}?next=%2Fkatalog%2Fdasar-spbe%2F"' in text
    assert '<form class="card"' not in text
    assert "1.1 Materi 1.1" in text


def test_a_learner_who_is_not_in_the_course_may_join_by_post(client, page, learner):
    text = get(client, "/katalog/dasar-spbe/")
    assert f'action="{reverse("enrol", args=[page.course.key])}" method="post"' in text


def test_a_learner_goes_on_where_he_or_she_stopped(client, page, learner, now):
    enrolment = enrol(learner, page, started_at=now)
    first, second, _quiz = page.course.editions.get().activities.order_by("position")
    ActivityProgress.objects.create(enrolment=enrolment, activity=first.activity, done_at=now)
    text = get(client, "/katalog/dasar-spbe/")
    assert (
        f'class="button button--primary button--block" href="{reverse("activity", args=[enrolment.pk, second.activity])}"'
        in text
    )
    assert f'href="{reverse("activity", args=[enrolment.pk, first.activity])}"' in text
    assert "1.2 Materi 1.2" in text
    assert "status--running" in get(client, CATALOGUE)


def test_locked_activities_are_no_links(client, page, learner):
    enrolment = enrol(learner, page)
    quiz = page.course.editions.get().activities.get(kind="quiz")
    assert reverse("activity", args=[enrolment.pk, quiz.activity]) not in get(client, "/katalog/dasar-spbe/")


def test_a_learner_sees_the_edition_he_or_she_is_in(client, page, learner, now):
    enrol(learner, page)
    for lesson in LessonPage.objects.filter(title="Materi 1.2"):
        lesson.unpublish()
    publish_edition(page.course, kind="material", by=None, at=now)
    assert "Materi 1.2" in get(client, "/katalog/dasar-spbe/")
    client.logout()
    assert "Materi 1.2" not in get(client, "/katalog/dasar-spbe/")


def complete(learner, page, now, *, year, run_year):
    run = RunFactory(course=page.course, year=run_year)
    completion = make_completion(
        learner, edition=page.course.editions.get(), completed_at=now, completed_on=date(year, 1, 10)
    )
    Enrolment.objects.filter(pk=completion.enrolment_id).update(run=run, score="86.67")


@pytest.mark.parametrize("run_year", [-1, 0])
def test_a_completed_course_shows_its_score(client, page, learner, now, run_year):
    """What counts is the year of the completion, also in the run of last year."""
    this_year = timezone.localdate().year
    complete(learner, page, now, year=this_year, run_year=this_year + run_year)
    text = get(client, "/katalog/dasar-spbe/")
    assert "86,67" in text
    assert "status--done" in text
    assert reverse("enrol", args=[page.course.key]) not in text
    client.post(reverse("enrol", args=[page.course.key]))
    assert Enrolment.objects.count() == 1


def test_a_course_completed_last_year_may_be_taken_again(client, page, learner, now):
    """The button is there exactly when pressing it begins another enrolment."""
    this_year = timezone.localdate().year
    complete(learner, page, now, year=this_year - 1, run_year=this_year - 1)
    assert "Ikuti lagi" in get(client, "/katalog/dasar-spbe/")
    client.post(reverse("enrol", args=[page.course.key]))
    assert Enrolment.objects.running().count() == 1
    assert reverse("enrol", args=[page.course.key]) not in get(client, "/katalog/dasar-spbe/")


def test_a_withdrawn_learner_may_join_again(client, page, learner, now):
    enrol(learner, page, withdrawn_at=now)
    assert reverse("enrol", args=[page.course.key]) in get(client, "/katalog/dasar-spbe/")


def test_states_of_others_are_not_shown(client, page, learner, now):
    enrol(PersonFactory(), page, started_at=now)
    assert "status--" not in get(client, CATALOGUE)


def test_the_legal_basis_shows_its_day_and_what_replaced_it(client, page):
    old = make_legal_reference()
    LegalReference.objects.filter(pk=old.pk).update(
        superseded_by=make_legal_reference("baru", regulation="Perpres Baru")
    )
    page.legal_references.add(old)
    page.save_revision().publish()
    text = get(client, "/katalog/dasar-spbe/")
    assert "1 November 2026" in text
    assert "Perpres Baru" in text


def test_pages_of_authors_lead_to_the_course(client, page):
    module, lesson, quiz = ModulePage.objects.get(), LessonPage.objects.first(), QuizPage.objects.get()
    assert lesson is not None
    for authored in (module, lesson, quiz):
        response = client.get(authored.get_url())
        assert (response.status_code, response.headers["Location"]) == (302, "/katalog/dasar-spbe/")
    page.unpublish()
    assert client.get(lesson.url).status_code == 404


def test_a_course_without_an_edition_says_so(client):
    make_course_page(title="Baru", slug="baru")
    assert "<details" not in get(client, "/katalog/baru/").split('id="main"')[1]


def test_an_empty_catalogue_says_so(client):
    make_catalog()
    assert "empty-state" in get(client, CATALOGUE)


def test_questions_and_keys_are_on_no_public_page(client, page, learner, now):
    Question.objects.update(text="KUNCI-soal", explanation="KUNCI-pembahasan")
    QuestionOption.objects.update(text="KUNCI-pilihan")
    publish_edition(page.course, kind="minor", by=None, at=now)
    for address in (CATALOGUE, CATALOGUE + "?q=KUNCI", "/katalog/dasar-spbe/"):
        assert "KUNCI-" not in get(client, address)
