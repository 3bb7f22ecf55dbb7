"""Rights in the CMS follow from roles: the own organiser's courses, questions and files, from the next request on."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.images.models import Image
from wagtail.images.permissions import permission_policy
from wagtail.models import GroupPagePermission
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from academy.people.models import AgencyGroup, Role
from courses.models import Course, CoursePage, LearningPath, LessonPage, Question, QuestionBank, QuizPage
from courses.trainers import ensure_all_groups, organiser_collection, organisers_of, sync_trainer_groups
from tests.courses.authoring import SVG, make_course_page, make_legal_reference
from tests.factories import AT, LONG_AGO, CourseFactory, PersonFactory, make_edition

pytestmark = pytest.mark.django_db
ANSWERS_404 = 404


@pytest.fixture
def own():
    return make_course_page(title="Pelatihan Kami", slug="kami")


@pytest.fixture
def foreign():
    """A course of another organiser, on the same catalogue."""
    return make_course_page(title="Pelatihan Mereka", slug="mereka")


def with_role(page, kind=Role.Kind.TRAINER, **fields):
    person = PersonFactory(name="Adrianus Lelo")
    scope = fields or {"unit": page.course.organiser.unit}
    Role.objects.create(person=person, kind=kind, from_at=LONG_AGO, **scope)
    return person


@pytest.fixture
def trainer(client, own, foreign):
    person = with_role(own)
    client.force_login(person)
    return person


def page_addresses(page):
    lesson, quiz = LessonPage.objects.descendant_of(page).first(), QuizPage.objects.descendant_of(page).first()
    for one in (page, lesson, quiz):
        assert one is not None
        for name in ("edit", "view_draft", "history", "delete", "copy", "move", "usage"):
            yield reverse(f"wagtailadmin_pages:{name}", args=[one.pk])
    yield reverse("wagtailadmin_explore", args=[page.pk])
    yield reverse("publish_edition", args=[page.pk])
    yield reverse("wagtailadmin_pages:add_subpage", args=[page.pk])
    yield reverse("wagtailadmin_pages:add", args=["courses", "modulepage", page.pk])


def snippet_addresses(page):
    bank = page.course.organiser.question_banks.get()
    for row in (page.course, bank, bank.questions.first()):
        name = f"wagtailsnippets_courses_{row._meta.model_name}"
        for view in ("edit", "history", "usage", "delete"):
            yield reverse(f"{name}:{view}", args=[row.pk])
        yield f"/cms/bulk/courses/{row._meta.model_name}/delete/?id={row.pk}"
        chooser = f"wagtailsnippetchoosers_courses_{row._meta.model_name}"
        yield reverse(f"{chooser}:chosen", args=[row.pk])
        yield reverse(f"{chooser}:chosen_multiple") + f"?id={row.pk}"


def test_pages_of_another_organiser_do_not_exist(client, trainer, own, foreign):
    for address in page_addresses(foreign):
        assert client.get(address).status_code == ANSWERS_404, address
        assert client.post(address, {"kind": "minor"}).status_code == ANSWERS_404, address
    assert client.get("/cms/pages/999999/edit/").status_code == ANSWERS_404
    assert client.get(reverse("wagtailadmin_pages:edit", args=[own.pk])).status_code == 200
    assert client.get(reverse("publish_edition", args=[own.pk])).status_code == 200


def test_snippets_of_another_organiser_do_not_exist(client, trainer, own, foreign):
    for address in snippet_addresses(foreign):
        assert client.get(address).status_code == ANSWERS_404, address
        assert client.post(address).status_code == ANSWERS_404, address
    bank = own.course.organiser.question_banks.get()
    for row in (own.course, bank, bank.questions.first()):
        assert (
            client.get(reverse(f"wagtailsnippets_courses_{row._meta.model_name}:edit", args=[row.pk])).status_code
            == 200
        )
    assert Course.objects.count() == 2
    assert QuestionBank.objects.count() == 2


@pytest.mark.parametrize(
    "address",
    [
        "/cms/pages/",
        "/cms/pages/search/?q=Pelatihan",
        "/cms/api/main/pages/?limit=20",
        "/cms/choose-page/search/?q=Materi",
        "/cms/snippets/courses/course/",
        "/cms/snippets/courses/course/?q=Pelatihan",
        "/cms/snippets/courses/course/?export=csv",
        "/cms/snippets/courses/questionbank/",
        "/cms/snippets/courses/question/",
        "/cms/snippets/courses/course/add/",
        "/cms/snippets/courses/question/add/",
        "/cms/snippets/choose/courses/course/",
        "/cms/snippets/choose/courses/questionbank/",
        "/cms/",
    ],
)
def test_lists_choosers_and_filters_hold_nothing_of_another_organiser(client, trainer, own, foreign, address):
    theirs = foreign.course.organiser
    theirs.short_name = "Penyelenggara Mereka"
    theirs.save()
    bank = theirs.question_banks.get()
    bank.title = "Bank Mereka"
    bank.save()
    bank.questions.update(text="Soal Mereka?")
    Course.objects.filter(pk=foreign.course_id).update(title="Pelatihan Mereka")
    LessonPage.objects.descendant_of(foreign).update(title="Materi Mereka", draft_title="Materi Mereka")
    response = client.get(address, follow=True)
    assert response.status_code == 200
    text = b"".join(response).decode() if response.streaming else response.text
    assert "Mereka" not in text


def test_the_explorer_shows_the_own_course(client, trainer, own, foreign):
    catalog = own.get_parent()
    text = client.get(reverse("wagtailadmin_explore", args=[catalog.pk]), follow=True).text
    assert "Pelatihan Kami" in text
    assert "Pelatihan Mereka" not in text


def test_nothing_foreign_can_be_chosen_in_a_form(client, trainer, own, foreign):
    bank = foreign.course.organiser.question_banks.get()
    data = nested_form_data(
        {
            "bank": bank.pk,
            "key": "baru",
            "kind": "single",
            "topic": "t",
            "text": "Soal?",
            "explanation": "x",
            "legal_reference": "",
            "retired_at": "",
            "options": inline_formset([{"text": "a", "is_correct": "on"}, {"text": "b"}]),
        }
    )
    assert client.post("/cms/snippets/courses/question/add/", data).status_code == 200
    assert not Question.objects.filter(key="baru").exists()
    client.post(
        "/cms/snippets/courses/questionbank/add/",
        {"key": "baru", "title": "Baru", "organiser": foreign.course.organiser_id},
    )
    assert not QuestionBank.objects.filter(key="baru").exists()


def test_images_of_another_organiser_are_out_of_reach(client, trainer, own, foreign):
    def image(page, title):
        collection = organiser_collection(page.course.organiser)
        return Image.objects.create(
            title=title, file=ContentFile(SVG, name=f"{title}.svg"), width=3, height=2, collection=collection
        )

    ours, theirs = image(own, "kita"), image(foreign, "orang")
    client.get("/cms/")
    changeable = permission_policy.instances_user_has_any_permission_for(trainer, ["change", "choose"])
    assert [one.title for one in changeable] == ["kita"]
    client.post(reverse("wagtailimages:edit", args=[theirs.pk]), {"title": "diubah"})
    theirs.refresh_from_db()
    assert theirs.title == "orang"
    assert ours.collection.name == f"Pelatihan {own.course.organiser.code}"


def test_an_ended_role_is_out_on_the_next_request(client, trainer, own):
    address = reverse("wagtailadmin_pages:edit", args=[own.pk])
    assert client.get(address).status_code == 200
    Role.objects.filter(person=trainer).update(until_at=timezone.now())
    for place in (address, "/cms/", "/cms/snippets/courses/question/", "/cms/images/"):
        assert client.get(place).status_code == 403
        assert client.post(place).status_code == 403


def test_a_role_for_another_organiser_takes_the_first_away(client, trainer, own, foreign):
    mine, theirs = (reverse("wagtailadmin_pages:edit", args=[page.pk]) for page in (own, foreign))
    assert client.get(mine).status_code == 200
    Role.objects.filter(person=trainer).update(unit=foreign.course.organiser.unit)
    assert (client.get(mine).status_code, client.get(theirs).status_code) == (404, 200)


def test_a_course_that_changes_hands_changes_rights(client, trainer, own, foreign):
    address = reverse("wagtailadmin_pages:edit", args=[foreign.pk])
    assert client.get(address).status_code == 404
    Course.objects.filter(pk=foreign.course_id).update(organiser=own.course.organiser)
    assert client.get(address).status_code == 200
    Course.objects.filter(pk=own.course_id).update(organiser=QuestionBank.objects.latest("pk").organiser)
    assert client.get(reverse("wagtailadmin_pages:edit", args=[own.pk])).status_code == 404


def test_a_role_above_the_organiser_or_over_a_group_counts(own, foreign):
    unit = own.course.organiser.unit
    above = with_role(own, unit=unit.get_root())
    group = AgencyGroup.objects.create(name="Provinsi")
    group.agencies.add(unit.agency)
    over_group = with_role(own, group=group)
    beside = with_role(own, unit=PersonFactory().unit)
    found = [list(organisers_of(person, at=AT)) for person in (above, over_group, beside)]
    assert found == [[own.course.organiser], [own.course.organiser], []]
    assert organisers_of(PersonFactory(is_superuser=True), at=AT).count() == 2


def test_a_role_without_an_organiser_opens_nothing(client, own):
    client.force_login(with_role(own, unit=PersonFactory().unit))
    assert client.get("/cms/").status_code == 403
    assert client.get(reverse("wagtailadmin_pages:edit", args=[own.pk])).status_code == 403


def test_a_reviewer_changes_drafts_and_publishes_nothing(client, own):
    reviewer = with_role(own, Role.Kind.REVIEWER)
    client.force_login(reviewer)
    lesson = LessonPage.objects.descendant_of(own).first()
    assert client.get(reverse("wagtailadmin_pages:edit", args=[lesson.pk])).status_code == 200
    rights = lesson.permissions_for_user(reviewer)
    assert (rights.can_edit(), rights.can_publish(), rights.can_add_subpage()) == (True, False, False)
    assert client.get("/cms/snippets/courses/question/").status_code == 200
    question = own.course.organiser.question_banks.get().questions.first()
    edit = reverse("wagtailsnippets_courses_question:edit", args=[question.pk])
    assert client.post(edit, {"text": "x"}).status_code == 404  # what one may not change has no form
    question.refresh_from_db()
    assert question.text != "x"
    assert client.get(reverse("publish_edition", args=[own.pk])).status_code == 200  # the second reader's page
    assert client.post(reverse("publish_edition", args=[own.pk]), {"action": "propose"}).status_code == 302
    assert not own.course.proposals.exists()


def test_regulations_are_read_by_all_and_corrected_by_organisers(client, trainer, own):
    reference = make_legal_reference()
    edit = reverse("wagtailsnippets_courses_legalreference:edit", args=[reference.pk])
    assert "95 Tahun 2018" in client.get("/cms/snippets/courses/legalreference/").text
    assert client.get(edit).status_code == 302
    client.force_login(with_role(own, Role.Kind.ORGANISER))
    assert client.get(edit).status_code == 200


def test_a_new_course_has_its_page_as_a_draft(client, trainer, own):
    data = {
        "title": "Pelatihan Baru",
        "key": "baru",
        "code": "BARU",
        "organiser": own.course.organiser_id,
        "level": "dasar",
        "credit_hours": "3",
        "pass_mark": "70",
        "sequential": "on",
    }
    client.post("/cms/snippets/courses/course/add/", data)
    page = CoursePage.objects.get(course__key="baru")
    assert (page.live, page.owner, page.slug) == (False, trainer, "baru")
    assert client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).status_code == 200
    assert client.get(page.url).status_code == 404


def test_signed_out_leads_to_the_form_and_superusers_pass(client, own):
    assert "/masuk/" in Client().get("/cms/")["Location"]
    client.force_login(PersonFactory(is_superuser=True))
    assert client.get("/cms/snippets/courses/question/").status_code == 200


def test_groups_given_by_hand_open_nothing(client, own):
    ensure_all_groups()
    person = PersonFactory()
    person.groups.add(*Group.objects.all())
    client.force_login(person)
    assert client.get("/cms/").status_code == 403
    sync_trainer_groups(person, at=AT)
    assert not person.groups.filter(name__startswith="Pengajar").exists()


def test_putting_right_writes_only_when_something_differs(trainer, own, foreign):
    sync_trainer_groups(trainer, at=AT)
    kept = GroupPagePermission.objects.count()
    with CaptureQueriesContext(connection) as captured:
        sync_trainer_groups(trainer, at=AT)
    assert len(captured) <= 12
    assert not [one for one in captured if not one["sql"].startswith("SELECT")]
    assert GroupPagePermission.objects.count() == kept


def path_of(own, *courses):
    return nested_form_data(
        {
            "title": "Jalur baru",
            "key": "jalur-baru",
            "organiser": own.course.organiser_id,
            "summary": "Dari nol.",
            "steps": inline_formset([{"course": course.pk} for course in courses]),
        }
    )


PATHS = "/cms/snippets/courses/learningpath/"


def test_a_path_leads_through_ones_own_courses_and_those_with_an_edition(client, trainer, own, foreign):
    open_to_all = make_edition(course=CourseFactory(title="Sudah terbit")).course
    Course.objects.filter(pk=foreign.course_id).update(title="Masih ditulis")
    offered = client.get(f"{PATHS}add/").text
    assert own.course.title in offered
    assert "Sudah terbit" in offered
    assert "Masih ditulis" not in offered
    refused = client.post(f"{PATHS}add/", path_of(own, own.course, foreign.course))
    assert refused.status_code == 200
    assert "Masih ditulis" not in refused.text
    assert not LearningPath.objects.exists()
    client.post(f"{PATHS}add/", path_of(own, own.course, open_to_all))
    path = LearningPath.objects.get()
    assert [step.course for step in path.steps.all()] == [own.course, open_to_all]
    assert "Sudah terbit" in client.get(f"{PATHS}edit/{path.pk}/").text


def test_a_refused_choice_is_not_shown_by_its_title(client, trainer, own, foreign):
    bank = foreign.course.organiser.question_banks.get()
    bank.title = "Bank Mereka"
    bank.save()
    data = {"bank": bank.pk, "text": "Soal saya?", "options": inline_formset([])}
    response = client.post("/cms/snippets/courses/question/add/", nested_form_data(data))
    assert "Soal saya?" in response.text
    assert "Bank Mereka" not in response.text
