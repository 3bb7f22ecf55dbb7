"""Pictures as they are printed: decoded by Pillow and encoded anew, so that nothing of the file that came in remains."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS, LONGEST_SIDE = 24_000_000, 10_000  # a phone's picture; some 200 MB unpacked
# What Pillow's readers raise for files that are cut short or made up.
DAMAGED = (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError,
           struct.error, zlib.error)  # fmt: skip
LOGO_BOX = (420, 360)  # 22 by 19 mm at some 480 dpi
PHOTO_SIZE = (450, 600)  # 3:4
SMALLEST_PHOTO = (300, 400)  # some 330 dpi on paper
PHOTO_BYTES = 60_000
QUALITIES = (88, 80, 70, 60, 50, 40)


class NoPicture(ValueError):
    """The file cannot be printed; the text says why."""


@dataclass(frozen=True)
class Picture:
    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def logo(file: BinaryIO, *, formats: tuple[str, ...] = (*FORMATS, "GIF")) -> Picture:
    """On white, as the paper is: PDF/A allows transparency, but a flat picture is smaller and drawn the same by all."""
    flat = _opened(file, formats, LOGO_BOX)
    flat.thumbnail(LOGO_BOX)
    written = io.BytesIO()
    flat.save(written, "PNG", optimize=True)
    return Picture(written.getvalue(), "image/png")


def photo(file: BinaryIO) -> Picture:
    """Cut to 3:4 around a point above the middle, where faces are; at most 60 kB, without anything the camera wrote."""
    opened = _opened(file, FORMATS, PHOTO_SIZE)
    width, height = SMALLEST_PHOTO
    if opened.width < width or opened.height < height:
        raise NoPicture(
            _("The picture has %(wide)d × %(high)d pixels; a photo needs at least %(width)d × %(height)d.")
            % {"wide": opened.width, "high": opened.height, "width": width, "height": height}
        )
    image = ImageOps.fit(opened, PHOTO_SIZE, centering=(0.5, 0.3))
    for quality in QUALITIES:
        written = io.BytesIO()
        image.save(written, "JPEG", quality=quality, optimize=True)
        if written.tell() <= PHOTO_BYTES:
            return Picture(written.getvalue(), "image/jpeg")
    raise NoPicture(_("The picture cannot be made small enough."))


def _opened(file: BinaryIO, formats: tuple[str, ...], wanted: tuple[int, int]) -> Image.Image:
    """Its pixels alone, upright and flat on white. The size is looked at before anything is unpacked.

    A JPEG much larger than `wanted` is unpacked at a fraction of its size.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=formats) as image:
                _refuse_large(image)
                image.verify()  # WeasyPrint has Pillow load what is cut short
            file.seek(0)
            with Image.open(file, formats=formats) as image:
                image.draft("RGB", (wanted[0] * 2, wanted[1] * 2))
                upright = ImageOps.exif_transpose(image).convert("RGBA")
    except NoPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoPicture(_("The picture has too many pixels.")) from error
    except DAMAGED as error:
        names = ", ".join(formats)
        raise NoPicture(_("This file cannot be read as a picture (%(formats)s).") % {"formats": names}) from error
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright)
    return flat


def _refuse_large(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
        raise NoPicture(_("The picture has too many pixels."))
