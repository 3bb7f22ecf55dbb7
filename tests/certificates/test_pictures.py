"""Pictures that people send in: what is printed holds their pixels and nothing else, and no file is too odd to refuse."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from certificates import pictures

SIZE = (900, 1200)


def encoded(image: Image.Image, kind: str, **options: Any) -> io.BytesIO:
    written = io.BytesIO()
    image.save(written, kind, **options)
    written.seek(0)
    return written


def png_of(width: int, height: int, *, depth: int = 8, colour: int = 0, data: bytes | None = b"") -> io.BytesIO:
    """A PNG by hand: rows of zeros, or the given data; None leaves the pixels out."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(data or (b"\0" * (width * depth // 8 + 1)) * height)
    body = chunk(b"IHDR", header) + (chunk(b"IDAT", pixels) if data is not None else b"") + chunk(b"IEND", b"")
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + body)


def test_a_photo_keeps_nothing_that_the_camera_or_an_editor_wrote():
    exif = Image.Exif()
    exif[0x010E] = "rumah Ita"
    file = encoded(
        Image.radial_gradient("L").resize(SIZE).convert("RGB"),
        "JPEG",
        comment=b"GPS -10.17 123.6 rumah Ita" * 900,
        exif=exif,
    )
    printed = pictures.photo(file)
    assert b"rumah" not in printed.content
    assert len(printed.content) <= pictures.PHOTO_BYTES
    assert Image.open(io.BytesIO(printed.content)).size == pictures.PHOTO_SIZE


def test_a_transparent_photo_stands_on_white():
    printed = pictures.photo(encoded(Image.new("RGBA", SIZE, (0, 0, 0, 0)), "PNG"))
    assert Image.open(io.BytesIO(printed.content)).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("draw", [pictures.photo, pictures.logo])
def test_sixteen_bits_of_grey_are_a_picture(draw):
    assert draw(encoded(Image.new("I;16", (2400, 1600), 40_000), "PNG")).content


@pytest.mark.parametrize("draw", [pictures.photo, pictures.logo])
@pytest.mark.parametrize(
    "file",
    [
        pytest.param(png_of(500, 700, data=None), id="no pixels"),
        pytest.param(io.BytesIO(png_of(500, 700).getvalue()[:60]), id="cut short"),
        pytest.param(io.BytesIO(b""), id="empty"),
        pytest.param(io.BytesIO(b"\xff\xd8\xff\xe0 not a picture"), id="begins like a JPEG"),
        pytest.param(io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), id="svg"),
        pytest.param(png_of(1, 40_000_000, data=b"\0"), id="a line of forty million points"),
        pytest.param(png_of(6300, 6300, data=b"\0"), id="forty million points"),
    ],
)
def test_what_is_no_picture_is_refused_before_it_is_unpacked(draw, file):
    file.seek(0)
    with pytest.raises(pictures.NoPicture):
        draw(file)
