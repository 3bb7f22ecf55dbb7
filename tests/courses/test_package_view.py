"""Packages in the CMS: writers of an organiser take their courses away and load others; nobody else does."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.models import PageLogEntry

from academy.people.models import Role
from courses.models import Course, Edition
from courses.package_view import clear_leftovers
from courses.packaging import export_course
from tests.courses.authoring import SVG, make_course_page
from tests.courses.test_hostile_packages import COURSE, LESSON, files, symlink, zipped
from tests.factories import LONG_AGO, PersonFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/cms/pelatihan/paket/"


@pytest.fixture
def own():
    return make_course_page(title="Milik sendiri").course


def signed_in(client, course: Course, kind: Role.Kind = Role.Kind.TRAINER):
    person = PersonFactory()
    Role.objects.create(person=person, kind=kind, unit=course.organiser.unit, from_at=LONG_AGO)
    client.force_login(person)
    return person


def hand_in(client, course: Course, content: bytes):
    upload = SimpleUploadedFile("paket.zip", content)
    return client.post(ADDRESS, {"package": upload, "organiser": course.organiser_id})


def test_a_writer_takes_the_course_away(client, own):
    signed_in(client, own)
    answer = client.get(reverse("export_course", args=[own.pk]))
    assert answer.content == export_course(own)
    assert f'filename="{own.key}.zip"' in answer["Content-Disposition"]
    assert "Ekspor" in client.get(reverse("wagtailsnippets_courses_course:list")).content.decode()


def test_a_course_without_a_published_page_is_told(client, own):
    signed_in(client, own)
    own.page.unpublish()
    answer = client.get(reverse("export_course", args=[own.pk]), follow=True)
    assert "belum memiliki halaman yang terbit" in answer.content.decode()


def test_nobody_else_takes_it_away(client, own):
    address = reverse("export_course", args=[own.pk])
    signed_in(client, make_course_page(title="Lain").course)
    assert client.get(address).status_code == 404
    signed_in(client, own, Role.Kind.REVIEWER)
    for refused in (address, ADDRESS):
        assert client.get(refused)["Location"] == "/cms/"
    client.logout()
    assert client.get(address)["Location"].startswith("/masuk/")


def test_a_package_is_looked_at_then_loaded(client, own):
    person = signed_in(client, own)
    content = zipped(files(**{"figures/a.svg": SVG}))
    looked = hand_in(client, own, content)
    assert "baru: materi contoh/materi" in looked.content.decode()
    assert not Course.objects.filter(key="contoh").exists()

    for _repeat in range(2):
        loaded = client.post(ADDRESS, {"token": looked.context["token"]})
        course = Course.objects.get(key="contoh")
        assert loaded["Location"] == reverse("publish_edition", args=[course.page.pk])
    assert (course.organiser, course.page.live) == (own.organiser, True)
    assert PageLogEntry.objects.filter(page=course.page.pk, user=person, action="wagtail.publish").exists()
    assert not Edition.objects.exists()
    assert "sudah ada di sini" in hand_in(client, own, content).content.decode()


def test_a_bad_package_is_refused_with_its_reason(client, own):
    signed_in(client, own)
    answer = hand_in(client, own, symlink())
    assert answer.status_code == 422
    assert "contoh/files/a.csv: adalah tautan" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "course.yaml",
            COURSE.replace("dasar", "mudah"),
            "course.yaml, baris 5, .*level: 'mudah' tidak termasuk pilihan",
        ),
        ("course.yaml", COURSE.replace("key: contoh", "key: [x"), "course.yaml, baris 2, .*bukan YAML yang benar"),
        ("01-pertama/module.yaml", "key: pertama\n", "01-pertama/module.yaml, baris 1, .*title: tidak ada"),
        (
            "01-pertama/01-materi.md",
            f"{LESSON}\n> kutipan\n",
            "01-materi.md, baris 8, .*kutipan: tidak boleh ada dalam teks",
        ),
    ],
)
def test_a_mistake_is_told_in_indonesian_with_its_place(client, own, name, content, words):
    signed_in(client, own)
    answer = hand_in(client, own, zipped(files(**{name: content})))
    assert answer.status_code == 422
    assert re.search(words, " ".join(answer.context["form"].errors["package"]))
    assert not Course.objects.filter(key="contoh").exists()


def test_nothing_is_loaded_into_another_organiser(client, own):
    other = make_course_page(title="Lain").course
    signed_in(client, own)
    assert hand_in(client, other, zipped(files())).status_code == 422
    token = hand_in(client, own, zipped(files())).context["token"]
    signed_in(client, other)
    assert client.post(ADDRESS, {"token": token}).status_code == 404
    colleague = signed_in(client, own)
    assert colleague
    assert client.post(ADDRESS, {"token": token})["Location"] == "/cms/"
    assert not Course.objects.filter(key="contoh").exists()


def test_a_stale_or_made_up_token_is_told(client, own):
    signed_in(client, own)
    token = hand_in(client, own, zipped(files())).context["token"]
    for path in Path(settings.PACKAGES_ROOT).iterdir():
        path.unlink()
    for text in (token, "x", ""):
        assert client.post(ADDRESS, {"token": text})["Location"] == ADDRESS
    assert not Course.objects.filter(key="contoh").exists()


def test_too_much_for_a_request_names_the_command(client, own):
    signed_in(client, own)
    lesson = "---\nkey: m{}\ntitle: Materi\nreading_minutes: 1\n---\nIsi.\n"
    many = {f"01-pertama/{n}-m.md": lesson.format(n) for n in range(450)}
    assert "manage.py import_course" in hand_in(client, own, zipped(files(**many))).content.decode()


def test_two_uploads_clear_the_same_leftovers():
    """What the other one removed a moment ago is no error, nor is an entry that leads nowhere."""
    root = Path(settings.PACKAGES_ROOT)
    later = datetime.now(UTC) + timedelta(days=2)
    for number in range(150):
        (root / f"open-{number}" / "a").mkdir(parents=True)
        (root / f"{number}.zip").write_bytes(b"x")
    (root / "nowhere").symlink_to(root / "gone")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _number: clear_leftovers(later), range(8)))
    assert [path.name for path in root.iterdir()] == ["nowhere"]
