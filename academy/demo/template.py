"""The certificate of the demo's organiser: an edited template with a mark, published as a trainer would."""

from __future__ import annotations

import io
from datetime import datetime

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw
from wagtail.images.models import Image as StoredImage

from academy.people.models import Organiser, Person
from certificates import template_versions
from certificates.models import Template, TemplateVersion
from courses.models import Completion
from courses.trainers import organiser_collection

MARK = "Tanda Akademi Digital ASN"
SIZE = 560
SEA, IKAT, CREAM, OCHRE = "#17303F", "#9C3B2E", "#F4E7CF", "#D39A3A"


def ensure_template(organiser: Organiser, *, by: Person, at: datetime) -> TemplateVersion:
    """Published once; what somebody wrote or published meanwhile stays."""
    kind = Completion.Outcome.PASSED
    newest = (
        TemplateVersion.objects.filter(template__organiser=organiser, template__kind=kind).order_by("-number").first()
    )
    if newest is not None:
        found: TemplateVersion = newest
        return found
    template = Template(organiser=organiser, kind=kind)
    template.take_from(organiser)
    template.number_format = "{urut:04}/800.2/{kode}/{bulan_romawi}/{tahun}"
    template.logo, template.logo_alt = _mark(organiser), MARK
    template.save()
    return template_versions.publish(template, by=by, at=at)


def _mark(organiser: Organiser) -> StoredImage:
    """Drawn here for the demo, in the colours of the academy: a stepped diamond as in the border. No agency's arms."""
    image = Image.new("RGBA", (SIZE, SIZE))
    drawing = ImageDraw.Draw(image)
    centre = SIZE / 2
    for share, colour in ((1.0, SEA), (0.84, CREAM), (0.74, IKAT), (0.46, CREAM), (0.36, OCHRE), (0.16, SEA)):
        _stepped_diamond(drawing, centre, centre * share, colour)
    written = io.BytesIO()
    image.save(written, "PNG")
    file = ContentFile(written.getvalue(), name="tanda-akademi.png")
    stored: StoredImage = StoredImage.objects.create(
        title=MARK, file=file, width=SIZE, height=SIZE, collection=organiser_collection(organiser)
    )
    return stored


def _stepped_diamond(drawing: ImageDraw.ImageDraw, centre: float, reach: float, colour: str) -> None:
    steps = 7
    for number in range(steps):
        across, along = reach * (number + 1) / steps, reach * (steps - number) / steps
        drawing.rectangle((centre - across, centre - along, centre + across, centre + along), fill=colour)
