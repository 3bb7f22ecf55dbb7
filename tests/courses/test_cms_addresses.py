"""No address of the CMS, whatever it is asked about, tells a trainer anything of another organiser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.urls import URLResolver, get_resolver, reverse
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.log_actions import log

from academy.people.models import Role
from courses.models import (
    Course,
    CoursePage,
    EditionProposal,
    Enrolment,
    LearningPath,
    LessonPage,
    PathStep,
    Question,
)
from courses.trainers import organiser_collection
from tests.courses.authoring import SVG, make_course_page, make_legal_reference
from tests.factories import AT, LONG_AGO, PersonFactory, RunFactory, make_edition, make_enrolment

pytestmark = pytest.mark.django_db
SECRET = "Rahasia"
SEARCHED = "mereka"  # a search page repeats this word, which is no secret
# Not a door to anybody's data: Wagtail's own test of an error, and pages outside the session.
LEFT_OUT = ("cms/failwhale/", "cms/logout/", "cms/password_reset/", "cms/.*/")
# A live course of the catalogue is public: one may link to it, and any with an edition be a
# prerequisite or a step of a path.
TELL_PUBLIC_TITLES = (
    "cms/choose-page/search/",
    "cms/snippets/courses/course/",
    "cms/snippets/courses/learningpath/add/",
)


def trainer_of(page: CoursePage, name: str, kind: Role.Kind = Role.Kind.TRAINER) -> Any:
    person = PersonFactory(name=name)
    Role.objects.create(person=person, kind=kind, unit=page.course.organiser.unit, from_at=LONG_AGO)
    return person


@pytest.fixture
def secrets() -> dict[str, Any]:
    """A row of each kind that belongs to another organiser, every one named after the secret and logged."""
    page = make_course_page(title=f"{SECRET} {SEARCHED}", slug="mereka")
    author = trainer_of(page, f"{SECRET} penulis")
    organiser, course = page.course.organiser, page.course
    Course.objects.filter(pk=course.pk).update(title=f"{SECRET} {SEARCHED}")
    bank = organiser.question_banks.get()
    bank.title = f"{SECRET} bank {SEARCHED}"
    bank.save()
    reference = make_legal_reference()  # everybody's; what cites it is not
    for question in bank.questions.all():
        question.text, question.legal_reference = f"{SECRET} soal {SEARCHED}?", reference
        question.save()
    for one in page.get_descendants().specific():
        one.title = one.draft_title = f"{SECRET} {one.title} {SEARCHED}"
        one.save_revision(user=author).publish()
    collection = organiser_collection(organiser)
    title = f"{SECRET} berkas {SEARCHED}"
    document = Document.objects.create(title=title, file=ContentFile(b"x", name="x.csv"), collection=collection)
    image = Image.objects.create(
        title=title, file=ContentFile(SVG, name="x.svg"), width=3, height=2, collection=collection
    )
    run = RunFactory(course=course, number=1)
    enrolment = make_enrolment(PersonFactory(name=f"{SECRET} peserta"), edition=make_edition(course))
    Enrolment.objects.filter(pk=enrolment.pk).update(run=run)
    path = LearningPath.objects.create(key="jalur", title=title, summary=title, organiser=organiser)
    EditionProposal.objects.create(
        course=course, kind="minor", note=f"{SECRET} catatan", content_hash="x", proposed_by=author, proposed_at=AT
    )
    lesson = LessonPage.objects.descendant_of(page).first()
    rows = [course, bank, bank.questions.first(), run, path, image, document, reference, lesson]
    for row in rows[:-2]:  # the history of a reference tells everybody who corrected it
        log(row, "wagtail.edit", user=author)
    return {row._meta.model_name: row for row in rows} | {"enrolment": enrolment, "page": page}


@pytest.fixture
def trainer(request, client) -> Any:
    own = make_course_page(title="Pelatihan Kami", slug="kami")
    person = trainer_of(own, "Adrianus Lelo", getattr(request, "param", Role.Kind.TRAINER))
    client.force_login(person)
    return person


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        address = (prefix + str(each.pattern)).replace("^", "").replace("$", "").replace(r"\Z", "")
        if isinstance(each, URLResolver):
            yield from addresses(each, address)
        elif address.startswith("cms/") and not address.startswith(LEFT_OUT):
            yield address


def asked_about(address: str, row: Any, secrets: dict[str, Any]) -> str:
    """The address with every parameter naming this row, or the secret of its kind that the parameter's name tells."""
    lesson = secrets["lessonpage"]
    known = {
        "page_id": secrets["page"].pk,
        "parent_page_id": lesson.get_parent().pk,
        "image_id": secrets["image"].pk,
        "document_id": secrets["document"].pk,
        "run_id": secrets["run"].pk,
        "enrolment_id": secrets["enrolment"].pk,
        "revision_id": lesson.latest_revision_id,
        "collection_id": secrets["image"].collection_id,
        "app_label": row._meta.app_label,
        "model_name": "page" if row is lesson else row._meta.model_name,
        "content_type_app_name": "courses",
        "content_type_model_name": "lessonpage",
        "action": "delete",
        "filter_spec": "original",
    }
    names = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
    return "/" + names.sub(lambda found: str(known.get(found[1] or found[2], row.pk)), address)


def words(response: HttpResponse) -> str:
    content = b"".join(response) if response.streaming else response.content
    return content.decode(errors="replace")


@pytest.mark.parametrize("trainer", [Role.Kind.TRAINER, Role.Kind.ORGANISER], indirect=True)
def test_no_address_tells_anything_of_another_organiser(client, trainer, secrets):
    told = []
    rows = [row for name, row in secrets.items() if name not in {"enrolment", "page"}]
    for address in sorted(set(addresses(get_resolver()))):
        about = [secrets["course"]] if address.startswith(TELL_PUBLIC_TITLES) else rows
        if about != rows and "<" not in address:
            continue
        asked = [asked_about(address, row, secrets) for row in about] if "<" in address else [f"/{address}"]
        if "<" not in address:
            asked += [f"/{address}?export=csv"]
        if "bulk" in address or "chosen-multiple" in address or "chosen_multiple" in address:
            asked = [f"{url}?id={row.pk}" for url in asked for row in rows]
        told += [url for url in dict.fromkeys(asked) if SECRET in words(client.get(url))]
    assert told == []


@pytest.mark.parametrize("trainer", [Role.Kind.ORGANISER], indirect=True)
def test_usage_counts_what_is_of_another_organiser_and_names_ones_own(client, trainer, secrets):
    course = CoursePage.objects.get(slug="kami").course
    question = Question.objects.filter(bank__organiser=course.organiser).first()
    question.text, question.legal_reference = "Soal kami?", secrets["legalreference"]
    question.save()
    ours = LearningPath.objects.create(key="kami", title="Jalur kami", summary="Kami", organiser=course.organiser)
    for learning_path in (ours, secrets["learningpath"]):
        learning_path.steps = [PathStep(course=course)]
        learning_path.save()
    for name, row, own, foreign in (
        ("legalreference", secrets["legalreference"], "Soal kami?", 4),
        ("course", course, "Jalur kami", 1),
    ):
        text = client.get(reverse(f"wagtailsnippets_courses_{name}:usage", args=[row.pk])).text
        assert own in text
        assert (text.count("(Private "), text.count(SECRET)) == (foreign, 0)


@pytest.mark.parametrize("address", ["/cms/pages/1/set_position/", "/cms/choose-page/chosen-multiple/?id=1"])
def test_the_root_of_the_tree_is_no_page_to_ask_about(client, trainer, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/cms/pages/search/?q=",
        "/cms/images/?q=",
        "/cms/images/chooser/results/?q=",
        "/cms/documents/?q=",
        "/cms/documents/chooser/results/?q=",
        "/cms/snippets/courses/run/?q=",
        "/cms/snippets/courses/learningpath/?q=",
        "/cms/snippets/choose/courses/run/?q=",
        "/cms/snippets/choose/courses/learningpath/?q=",
        "/cms/api/main/images/?search=",
        "/cms/api/main/documents/?search=",
        "/cms/api/main/pages/?fields=*&search=",
    ],
)
def test_no_search_finds_anything_of_another_organiser(client, trainer, secrets, address):
    response = client.get(address + SEARCHED)
    assert response.status_code in {200, 404}
    assert SECRET not in words(response)


@pytest.mark.parametrize(("kind", "namespace"), [("image", "wagtailimages"), ("document", "wagtaildocs")])
def test_files_of_another_organiser_do_not_exist(client, trainer, secrets, kind, namespace):
    row = secrets[kind]
    chooser = f"{namespace}_chooser"
    asked = [reverse(f"{namespace}:{name}", args=[row.pk]) for name in ("edit", "delete")]
    asked += [reverse(f"{chooser}:chosen", args=[row.pk]), f"{reverse(f'{chooser}:chosen_multiple')}?id={row.pk}"]
    asked += [f"/cms/bulk/{namespace}/{kind}/{action}/?id={row.pk}" for action in ("delete", "add_to_collection")]
    if kind == "image":
        asked += [
            reverse("wagtailimages:preview", args=[row.pk, "original"]),
            reverse("wagtailimages:url_generator", args=[row.pk]),
            reverse("wagtailimages_chooser:select_format", args=[row.pk]),
        ]
    for address in asked:
        assert client.get(address).status_code == 404, address
        assert client.post(address, {"title": "diubah"}).status_code == 404, address
    row.refresh_from_db()
    assert row.title.startswith(SECRET)


def test_participants_runs_and_proposals_of_another_organiser_are_not_changed(client, trainer, secrets):
    run, enrolment = secrets["run"], secrets["enrolment"]
    for address in (
        reverse("run_participants", args=[run.pk]),
        reverse("run_remove_participant", args=[run.pk, enrolment.pk]),
        reverse("run_close", args=[run.pk]),
        reverse("wagtailsnippets_courses_run:edit", args=[run.pk]),
        reverse("wagtailsnippets_courses_learningpath:edit", args=[secrets["learningpath"].pk]),
        reverse("publish_edition", args=[secrets["page"].pk]),
    ):
        assert client.post(address, {"action": "approve", "kind": "minor"}).status_code == 404, address
    enrolment.refresh_from_db()
    run.refresh_from_db()
    assert (enrolment.withdrawn_at, run.closed_at) == (None, None)
    assert EditionProposal.objects.waiting().count() == 1


def test_reports_about_everybody_are_for_superusers(client, trainer, secrets):
    reports = [reverse(f"wagtailadmin_reports:{name}") for name in ("site_history", "page_types_usage")]
    assert [client.get(address).status_code for address in reports] == [404, 404]
    assert "site-history" not in client.get("/cms/").text
    client.force_login(PersonFactory(is_superuser=True))
    assert [client.get(address).status_code for address in reports] == [200, 200]


def test_own_files_open_as_before(client, trainer, secrets):
    own = CoursePage.objects.get(slug="kami")
    client.get("/cms/")
    document = Document.objects.create(
        title="kita", file=ContentFile(b"x", name="kita.csv"), collection=organiser_collection(own.course.organiser)
    )
    for name in ("wagtaildocs:edit", "wagtaildocs_chooser:chosen"):
        assert client.get(reverse(name, args=[document.pk])).status_code == 200
    assert client.get(f"/cms/bulk/wagtaildocs/document/add_to_collection/?id={document.pk}").status_code == 200
