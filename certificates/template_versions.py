"""From the authors' copy to an immutable version, and which version issues now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.images.models import AbstractImage
from wagtail.log_actions import log

from academy.people.models import Organiser, Person
from certificates import default_words, pictures, template_checks, template_drafts
from certificates.facts import TEMPLATE_VERSION, CertificateFacts
from certificates.models import PrintedAsset, Template, TemplateVersion
from certificates.pictures import Picture
from courses.models import Completion

PUBLISHED = "certificates.publish_template"  # in Wagtail's history
ROOM = Path(__file__).resolve().parent
LAYOUT = ("templates/certificates/pdf", "fonts", "art")
COPIED = (
    "title", "opening", "outcome", "lead_in", "details", "signatory", "signatory_nip", "place", "number_format",
    "print_photo", "print_birth",
)  # fmt: skip


class CannotPublish(Exception):
    """The template is not fit to issue; `checks` tells each finding, `args` the sentence."""

    def __init__(self, text: str, checks: list[dict[str, Any]]) -> None:
        super().__init__(text)
        self.checks = checks


def current(organiser: Organiser, kind: Completion.Outcome, *, at: datetime) -> TemplateVersion:
    """The version that issues now: the newest one.

    Without one, or as long as nobody published one by hand, it is made from the organiser's columns and follows them.
    Call inside the issuing transaction: of many callers one makes it, the others wait and find it.
    """
    newest = _newest(organiser, kind)
    if newest is not None and newest.published_by_id is not None:
        return newest
    made = Template(organiser=organiser, kind=kind)
    made.take_from(organiser)
    wanted, _pictures = frozen(made)
    if newest is not None and is_same(newest, wanted):
        return newest
    return _follow_columns(made, wanted, at=at)


def publish(template: Template, *, by: Person, at: datetime) -> TemplateVersion:
    """Check drafts of it, and make the next version if every check passes; CannotPublish otherwise.

    The same content again returns the version that is there. Drawing and checking happen outside the transaction; what
    was checked is what is stored.
    """
    try:
        template.full_clean()
        content, printed = frozen(template)
    except ValidationError as error:
        raise CannotPublish(" ".join(error.messages), []) from error
    except pictures.NoPicture as error:
        raise CannotPublish(str(error), []) from error
    newest = _newest(template.organiser, Completion.Outcome(template.kind))
    if newest is not None and newest.published_by_id is not None and is_same(newest, content):
        return newest
    found = check(template.organiser, content, printed)
    if failed := [one for one in found if not one["ok"]]:
        raise CannotPublish(
            _("The template was not published: %(count)d checks failed.") % {"count": len(failed)}, found
        )
    with transaction.atomic():
        locked = Template.objects.select_for_update().get(pk=template.pk)
        if frozen(locked)[0] != content:
            raise CannotPublish(_("The template was changed meanwhile. Please look at it again."), found)
        newest = _newest(template.organiser, Completion.Outcome(template.kind))
        if newest is not None and newest.published_by_id is not None and is_same(newest, content):
            return newest
        keep(printed.values())
        version = _insert(locked, content, checks=found, at=at, by=by)
        log(instance=locked, action=PUBLISHED, user=by, data={"version": str(version)}, content_changed=True)
        return version


def check(organiser: Organiser, content: Mapping[str, Any], printed: Mapping[str, Picture]) -> list[dict[str, Any]]:
    """What each check finds on drafts with the usual, the longest and the shortest data, in words of Indonesian."""
    drafts = template_drafts.of(organiser, content, printed)
    return [one for draft in drafts for one in template_checks.run(draft)]


def frozen(template: Template) -> tuple[dict[str, Any], dict[str, Picture]]:
    """Everything a certificate takes from a template, as JSON without its name, and the pictures by their hash.

    NoPicture if a logo cannot be read.
    """
    logos = [
        (_picture(image), alt or template.organiser.name)
        for image, alt in ((template.logo, template.logo_alt), (template.second_logo, template.second_logo_alt))
        if image is not None
    ]
    prefix = template.signs_as if template.signs_as in (Template.SignsAs.ACTING, Template.SignsAs.DAILY) else ""
    on_behalf = template.signs_as == Template.SignsAs.ON_BEHALF
    content = {name: _plain(getattr(template, name)) for name in COPIED} | {
        "kind": str(template.kind),
        "signatory_position": f"{prefix} {template.signatory_position}".strip(),
        "on_behalf_of": f"a.n. {template.on_behalf_of}" if on_behalf else "",
        "logos": [{"sha256": picture.sha256, "alt": alt} for picture, alt in logos],
        "layout": layout(),
    }
    return content, {picture.sha256: picture for picture, _alt in logos}


def keep(printed: Any) -> None:
    """Store the pictures that are not stored yet."""
    for picture in sorted(printed, key=lambda picture: picture.sha256):  # so that two writers wait in one order
        PrintedAsset.objects.get_or_create(
            sha256=picture.sha256, defaults={"media_type": picture.media_type, "content": picture.content}
        )


def assets_of(facts: CertificateFacts) -> dict[str, bytes]:
    """The bytes of the pictures that these facts print; no query if there are none."""
    if not facts.printed_assets:
        return {}
    rows = PrintedAsset.objects.filter(sha256__in=facts.printed_assets).values_list("sha256", "content")
    return {sha256: bytes(content) for sha256, content in rows}


@lru_cache(maxsize=1)
def layout() -> dict[str, str]:
    """Name of the layout and the hash of each file it is drawn with."""
    files = [path for folder in LAYOUT for path in sorted((ROOM / folder).iterdir()) if path.is_file()]
    return {"name": TEMPLATE_VERSION} | {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _newest(organiser: Organiser, kind: Completion.Outcome) -> TemplateVersion | None:
    versions = TemplateVersion.objects.filter(template__organiser=organiser, template__kind=kind)
    newest: TemplateVersion | None = versions.order_by("-number").first()
    return newest


def is_same(version: TemplateVersion, content: Mapping[str, Any]) -> bool:
    return {name: value for name, value in version.content.items() if name != "name"} == dict(content)


def has_unpublished(template: Template, newest: TemplateVersion) -> bool:
    """Whether the authors' copy says something else than its newest version. Another layout is not theirs."""
    try:
        content, _printed = frozen(template)
    except pictures.NoPicture:
        return True
    return not is_same(newest, content | {"layout": newest.content["layout"]})


def _follow_columns(made: Template, wanted: dict[str, Any], *, at: datetime) -> TemplateVersion:
    """The next version with what the columns say. The authors' copy follows as long as nobody wrote in it."""
    words = {name: getattr(made, name) for name in (*COPIED, "signatory_position")}
    template, _created = Template.objects.get_or_create(organiser=made.organiser, kind=made.kind, defaults=words)
    template = Template.objects.select_for_update().get(pk=template.pk)  # without its organiser
    newest = _newest(template.organiser, Completion.Outcome(template.kind))
    if newest is not None and (newest.published_by_id is not None or is_same(newest, wanted)):
        return newest
    if newest is not None and _untouched(template, newest):
        Template.objects.filter(pk=template.pk).update(**words)
    return _insert(template, wanted, checks=[], at=at, by=None)


def _untouched(template: Template, newest: TemplateVersion) -> bool:
    """Whether the authors' copy says what the version says, which was made from the columns."""
    copied = {name: _plain(getattr(template, name)) for name in (*COPIED, "signatory_position")}
    is_plain = not (template.logo_id or template.second_logo_id or template.signs_as)
    return is_plain and all(newest.content[name] == value for name, value in copied.items())


def _insert(
    template: Template, content: dict[str, Any], *, checks: list[dict[str, Any]], at: datetime, by: Person | None
) -> TemplateVersion:
    last = template.versions.order_by("-number").values_list("number", flat=True).first()
    number = (last or 0) + 1
    short = default_words.WORDS[Completion.Outcome(template.kind)].short
    named = content | {"name": f"{template.organiser.code}/{short}/{number}"}
    made: TemplateVersion = TemplateVersion.objects.create(
        template=template, number=number, content=named, checks=checks, published_at=at, published_by=by
    )
    return made


def _picture(image: AbstractImage) -> Picture:
    try:
        with image.open_file() as file:
            return pictures.logo(file)
    except OSError as error:
        raise pictures.NoPicture(_("The file of the logo “%(title)s” is missing.") % {"title": image.title}) from error


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool) else str(value).replace("\r\n", "\n").strip()
