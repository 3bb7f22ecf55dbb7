"""Pictures as they are printed: decoded by Pillow and encoded anew, so that nothing of the file that came in remains."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 40_000_000
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
    image = _opened(file, formats)
    image.thumbnail(LOGO_BOX)
    flat = Image.new("RGB", image.size, "white")
    image = image.convert("RGBA")
    flat.paste(image, mask=image)
    written = io.BytesIO()
    flat.save(written, "PNG", optimize=True)
    return Picture(written.getvalue(), "image/png")


def photo(file: BinaryIO) -> Picture:
    """Cut to 3:4 around a point above the middle, where faces are; at most 60 kB, without anything the camera wrote."""
    opened = _opened(file, FORMATS)
    width, height = SMALLEST_PHOTO
    if opened.width < width or opened.height < height:
        raise NoPicture(
            _("The picture has %(wide)d × %(high)d pixels; a photo needs at least %(width)d × %(height)d.")
            % {"wide": opened.width, "high": opened.height, "width": width, "height": height}
        )
    image = ImageOps.fit(opened.convert("RGB"), PHOTO_SIZE, centering=(0.5, 0.3))
    for quality in QUALITIES:
        written = io.BytesIO()
        image.save(written, "JPEG", quality=quality, optimize=True)
        if written.tell() <= PHOTO_BYTES:
            break
    return Picture(written.getvalue(), "image/jpeg")


def _opened(file: BinaryIO, formats: tuple[str, ...]) -> Image.Image:
    """Decoded and upright. The size is looked at before anything is unpacked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.open(file, formats=formats).verify()  # WeasyPrint has Pillow load what is cut short
            file.seek(0)
            image = Image.open(file, formats=formats)
            small_enough = image.width * image.height <= MOST_PIXELS
            upright: Image.Image | None = ImageOps.exif_transpose(image) if small_enough else None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoPicture(_("The picture has too many pixels.")) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        names = ", ".join(formats)
        raise NoPicture(_("This file cannot be read as a picture (%(formats)s).") % {"formats": names}) from error
    if upright is None:
        raise NoPicture(_("The picture has too many pixels."))
    return upright
