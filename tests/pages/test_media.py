"""Uploaded files: images by /media/, documents by their own door only."""

import pytest


@pytest.fixture
def media(settings):
    for name in ("images/gambar.svg", "documents/rahasia.txt", "lain.txt"):
        path = settings.MEDIA_ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")


def test_an_image_is_served_in_a_sandbox(client, media):
    response = client.get("/media/images/gambar.svg")
    assert b"".join(response.streaming_content).startswith(b"<svg")
    assert response.status_code == 200
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["documents/rahasia.txt", "lain.txt", "images/../documents/rahasia.txt", "images/"])
def test_nothing_else_is(client, media, path):
    assert client.get(f"/media/{path}").status_code == 404
