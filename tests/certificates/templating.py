"""Templates, logos and photos for tests."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw
from wagtail.images.models import Image as WagtailImage

from academy.people.models import Organiser, Person
from certificates import holders, pictures, template_versions
from certificates.models import Template, TemplateVersion
from tests.factories import AT, PersonFactory


def png(colour: str = "#9C3B2E", size: tuple[int, int] = (600, 480), form: str = "PNG") -> bytes:
    image = Image.new("RGB" if form == "JPEG" else "RGBA", size)
    ImageDraw.Draw(image).ellipse((0, 0, *size), fill=colour)
    written = io.BytesIO()
    image.save(written, form)
    return written.getvalue()


def make_logo(title: str, colour: str = "#9C3B2E") -> WagtailImage:
    file = ContentFile(png(colour), name=f"{title}.png")
    return WagtailImage.objects.create(title=title, file=file, width=600, height=480)


def make_template(organiser: Organiser, **fields: Any) -> Template:
    template = Template(organiser=organiser, kind=fields.pop("kind", "passed"))
    template.take_from(organiser)
    for name, value in fields.items():
        setattr(template, name, value)
    template.save()
    return template


def publish(template: Template, **changes: Any) -> TemplateVersion:
    for name, value in changes.items():
        setattr(template, name, value)
    template.save()
    return template_versions.publish(template, by=PersonFactory(), at=AT)


def give_details(person: Person) -> None:
    holders.keep_photo(person, pictures.photo(io.BytesIO(png(form="JPEG"))), at=AT)
    holders.keep_birth(person, place="Kefamenanu", born_on=date(1994, 7, 12), at=AT)
