"""Photo and birth data that a learner gives to be printed."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from certificates import holders, template_drafts
from certificates.models import HolderDetails
from certificates.pictures import PHOTO_BYTES
from tests.certificates.templating import make_template, png
from tests.factories import OrganiserFactory, PersonFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/sertifikat/data-cetak/"


@pytest.fixture
def person(client):
    person = PersonFactory(nip="199407122020122003")
    client.force_login(person)
    return person


def send(client, content: bytes, name: str = "foto.jpg"):
    return client.post(ADDRESS, {"action": "photo", "photo": SimpleUploadedFile(name, content)}, follow=True)


def camera_picture() -> bytes:
    """A large noisy JPEG on its side, with a place in its EXIF data."""
    image = Image.effect_noise((2400, 1800), 90).convert("RGB")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Kamera Rahasia"
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif, quality=80)
    return written.getvalue()


def bomb() -> bytes:
    """A PNG of 60,000 by 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def test_a_photo_is_encoded_anew_cut_and_small(client, person):
    assert "Pasfoto disimpan." in send(client, camera_picture()).content.decode()
    kept = bytes(HolderDetails.objects.get().photo or b"")
    assert len(kept) <= PHOTO_BYTES
    assert b"Kamera Rahasia" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, image.size, len(image.getexif())) == ("JPEG", (450, 600), 0)
    shown = client.get(f"{ADDRESS}foto.jpg")
    assert (shown.content, shown.headers["Content-Type"]) == (kept, "image/jpeg")
    assert "no-store" in shown.headers["Cache-Control"]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_three_formats_are_read(client, person, form):
    send(client, png(form=form))
    assert HolderDetails.objects.get().photo


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Berkas ini kosong|kosong"),
        (b"bukan gambar", "tidak dapat dibaca sebagai gambar"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "tidak dapat dibaca sebagai gambar"),
        (png()[:200], "tidak dapat dibaca sebagai gambar"),
        (png(form="GIF"), "tidak dapat dibaca sebagai gambar"),
        (bomb(), "terlalu banyak piksel"),
        (b"\xff" * (5 * 1024 * 1024 + 1), "lebih besar dari 5 MB"),
    ],
    ids=["empty", "text", "svg", "broken", "gif", "bomb", "large"],
)
def test_what_is_no_photo_is_refused_and_changes_nothing(client, person, content, told):
    answer = send(client, content)
    assert answer.status_code == 422
    assert any(one in answer.content.decode() for one in told.split("|"))
    assert not HolderDetails.objects.exists()


def test_a_photo_is_taken_back(client, person):
    send(client, png(form="PNG"))
    client.post(ADDRESS, {"action": "forget_photo"})
    client.post(ADDRESS, {"action": "forget_photo"})
    assert not HolderDetails.objects.exists()
    assert client.get(f"{ADDRESS}foto.jpg").status_code == 404


def test_birth_data_is_kept_and_taken_back(client, person):
    client.post(ADDRESS, {"action": "birth", "birth_place": "Kefamenanu", "born_on": "1994-07-12"})
    kept = HolderDetails.objects.get()
    assert (kept.person, kept.birth_place, kept.born_on) == (person, "Kefamenanu", date(1994, 7, 12))
    page = client.get(ADDRESS).content.decode()
    assert 'value="Kefamenanu"' in page
    assert 'value="1994-07-12"' in page
    assert "NIP Anda menyebut" not in page
    client.post(ADDRESS, {"action": "birth", "birth_place": "", "born_on": ""})
    assert not HolderDetails.objects.exists()


def test_a_date_that_differs_from_the_nip_is_kept_with_a_warning(client, person):
    client.post(ADDRESS, {"action": "birth", "birth_place": "Kupang", "born_on": "1994-12-07"})
    assert HolderDetails.objects.get().born_on == date(1994, 12, 7)
    assert "NIP Anda menyebut 12 Juli 1994" in client.get(ADDRESS).content.decode()


@pytest.mark.parametrize("born_on", ["besok", "2999-01-01", "1800-01-01", "1994-02-30"])
def test_what_cannot_be_a_date_of_birth_is_refused_and_stays_typed(client, person, born_on):
    answer = client.post(ADDRESS, {"action": "birth", "birth_place": "Kupang", "born_on": born_on})
    assert answer.status_code == 422
    assert 'value="Kupang"' in answer.content.decode()
    assert not HolderDetails.objects.exists()


def test_an_unknown_action_changes_nothing(client, person):
    assert client.post(ADDRESS, {"action": "lain"}).status_code == 422
    assert client.post(ADDRESS).status_code == 422


def test_nobody_elses_data_is_shown(client, person):
    send(client, png(form="PNG"))
    client.force_login(PersonFactory())
    assert client.get(f"{ADDRESS}foto.jpg").status_code == 404
    assert "Kefamenanu" not in client.get(ADDRESS).content.decode()


@pytest.mark.parametrize("size", [(299, 400), (300, 399)])
def test_a_photo_that_is_too_small_is_refused_once(client, person, size):
    answer = send(client, png(form="JPEG", size=size))
    sentence = f"Gambar ini berukuran {size[0]} × {size[1]} piksel; pasfoto perlu paling sedikit 300 × 400 piksel."
    assert (answer.status_code, answer.content.decode().count(sentence)) == (422, 1)
    assert not HolderDetails.objects.exists()
    assert send(client, png(form="JPEG", size=(300, 400))).status_code == 200
    assert HolderDetails.objects.exists()


def test_birth_data_is_deleted_with_a_button(client, person):
    assert "Hapus tempat dan tanggal lahir" not in client.get(ADDRESS).content.decode()
    client.post(ADDRESS, {"action": "birth", "birth_place": "Kupang", "born_on": "1994-07-12"})
    assert "Hapus tempat dan tanggal lahir" in client.get(ADDRESS).content.decode()
    for _time in range(2):
        assert client.post(ADDRESS, {"action": "forget_birth"}).status_code == 302
    assert not HolderDetails.objects.exists()


@pytest.mark.parametrize(
    "place", ["Kupang 😀", "北京", "Kupang\x0bTimur", "Ku\u202epang", "Kupang\nTimur", "W" * 41, "<b>Kupang</b>"]
)
def test_a_place_that_could_not_be_printed_is_refused_and_kept_in_the_field(client, person, place):
    answer = client.post(ADDRESS, {"action": "birth", "birth_place": place, "born_on": "1994-07-12"})
    assert answer.status_code == 422
    assert holders.details_of(person) is None


def test_places_as_people_write_them_are_taken(client, person):
    for place in ("Ba'a", "Sao-Tomé (Timor), d.h. Đặng"[:20], template_drafts.LONGEST_BIRTH_PLACE):
        client.post(ADDRESS, {"action": "birth", "birth_place": place, "born_on": "1994-07-12"})
        kept = holders.details_of(person)
        assert kept is not None
        assert kept.birth_place == place.strip()


def test_the_way_there_is_shown_only_where_it_is_of_use(client, person):
    """Nobody should give personal data that no certificate prints."""
    assert ADDRESS not in client.get("/sertifikat/").content.decode()
    send(client, camera_picture())
    assert ADDRESS in client.get("/sertifikat/").content.decode(), "to take it back"
    client.post(ADDRESS, {"action": "forget_photo"})
    assert ADDRESS not in client.get("/sertifikat/").content.decode()
    make_template(OrganiserFactory(), print_birth=True)
    assert ADDRESS in client.get("/sertifikat/").content.decode()
