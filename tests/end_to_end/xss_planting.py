"""An academy whose every written field holds texts of `xss_corpus`, and what each kind of reader opens of it.

Runs in the process of `console.py`. Everything is written straight to the rows, past the forms that would refuse some
of it: pages must be safe whatever is stored. Which fields there are is read from the models and blocks.
"""

from __future__ import annotations

import csv
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from bs4 import BeautifulSoup
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import models, transaction
from django.utils import timezone
from wagtail import blocks
from wagtail.contrib.table_block.blocks import TableBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.documents.models import Document
from wagtail.fields import StreamField
from wagtail.images.blocks import ImageChooserBlock
from wagtail.images.models import Image
from wagtail.log_actions import log
from wagtail.models import Collection, Comment, CommentReply, Page
from wagtail.snippets.blocks import SnippetChooserBlock

from academy.notifications.models import Message
from academy.pages.models import TextPage
from academy.people.models import AccessLog, ChangeLog, Organiser, Person, Role
from academy.people.roster.importing import Options, import_roster
from certificates.models import HolderDetails, Revocation
from courses.attempts import submit_attempt
from courses.models import (
    Attempt,
    CoursePage,
    EditionAsset,
    EditionProposal,
    LearningPath,
    LegalReference,
    LessonPage,
    PathStep,
    QuestionBank,
    Run,
)
from courses.package_import import import_package, read_package
from courses.publishing import publish_edition
from tests.authorization.test_matrix import LINES, READERS, address, kwargs_of
from tests.authorization.world import World, _officer, make_world
from tests.courses.authoring import make_catalog, make_course_page, make_home, make_legal_reference
from tests.courses.test_hostile_packages import Files, zipped
from tests.end_to_end.inside import make_sessions
from tests.end_to_end.xss_corpus import CORPUS, Planter
from tests.factories import AT, OrganiserFactory, make_nip

planter = Planter()
ROOMS = {"people", "notifications", "pages", "courses", "certificates", "reports"}
# Of Wagtail's models, those in which authors write.
OF_WAGTAIL = {
    "wagtailcore.Page", "wagtailcore.PageLogEntry", "wagtailcore.ModelLogEntry", "wagtailcore.Collection", "wagtailcore.Comment",
    "wagtailcore.CommentReply", "wagtailcore.Site", "wagtailimages.Image", "wagtaildocs.Document", "taggit.Tag",
}  # fmt: skip
# Not written by anybody, or checked letter by letter at every door because machines read it; never free text.
OF_MACHINES = {
    "certificates.Certificate": {"code", "facts", "facts_sha256", "template_version", "revocation_reason"},
    "certificates.CertificateFile": {"sha256", "key", "level", "credential"},
    "certificates.ArchivePart": {"file_name", "sha256"},
    "certificates.CertificateArchive": {"left_out"},
    "certificates.PrintedAsset": {"sha256", "media_type"},
    "certificates.SigningKey": {"fingerprint", "algorithm", "public"},
    "certificates.Template": {"signatory_nip"},
    "courses.Assignment": {"counts", "nips"},
    "courses.Attempt": {"served"},
    "courses.Course": {"key"},
    "courses.EditionActivity": {"number"},
    "courses.EditionProposal": {"content_hash"},
    "courses.LearningPath": {"key"},
    "courses.LegalReference": {"key"},
    "courses.Question": {"key"},
    "courses.QuestionBank": {"key"},
    "courses.QuestionVersion": {"content_hash"},
    "courses.Response": {"chosen"},
    "notifications.Message": {"key"},
    "pages.LoadedItem": {"kind", "key", "content_hash"},
    "people.ActivationCode": {"code_hash"},
    "people.Agency": {"time_zone"},
    "people.NipHistory": {"nip"},
    "people.Organiser": {"time_zone", "signatory_nip"},
    "people.Person": {"password", "nip"},
    "people.RosterChange": {"before"},
    "people.RosterImport": {"sha256", "counts", "new_people"},
    "people.WorkUnit": {"path"},
    "reports.Export": {
        "report",
        "format",
        "language",
        "query",
        "key",
        "scope_sha256",
        "left",
        "about",
        "lines_sha256",
        "file_name",
        "file_key",
        "sha256",
    },
    "reports.Reconciliation": {"checked", "found", "problem"},
    "taggit.Tag": {"slug"},
    "wagtailcore.Collection": {"path"},
    "wagtailcore.Comment": {"contentpath", "position"},
    "wagtailcore.ModelLogEntry": {"action", "object_id", "data"},
    "wagtailcore.Page": {"path", "slug", "url_path"},
    "wagtailcore.PageLogEntry": {"action", "data"},
    "wagtailcore.Site": {"hostname"},
    "wagtaildocs.Document": {"file_hash"},
    "wagtailimages.Image": {"file_hash"},
}
WRITTEN = (models.CharField, models.TextField, models.JSONField, models.FileField, StreamField)
HOSTILE_SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="320" height="200"
 onload="__xss(901)"><script>top.__xss(902)</script><image href="x" onerror="__xss(903)"/><a xlink:href="javascript:__xss(904)">
<text y="20">x</text></a><foreignObject width="9" height="9"><iframe xmlns="http://www.w3.org/1999/xhtml"
 srcdoc="&lt;script&gt;top.__xss(905)&lt;/script&gt;"/></foreignObject></svg>"""
HOSTILE_HTML = "<!doctype html><script>__xss(906)</script><img src=x onerror=__xss(907)>"


# The texts of one field


def samples(_row: models.Model) -> Any:
    line = {"nip": "1", "name": planter.text(), "before": planter.text(), "after": planter.text()}
    refusal = {"row": 2, "column": planter.text(80), "value": planter.text(), "message": planter.text()}
    return {kind: [line] for kind in ("new", "moved", "changed", "gone")} | {
        "refusals": [refusal],
        "warnings": [refusal],
    }


def options(row: models.Model) -> Any:
    return [option | {"text": planter.text()} for option in row.options]  # type: ignore[attr-defined]


def detail(_row: models.Model) -> Any:
    sides = {side: {"name": planter.text(), "agencies": [planter.text(80)]} for side in ("before", "after")}
    return sides | {
        "course": planter.text(),
        "into": planter.text(),
        "q": planter.text(),
        planter.text(60): planter.text(),
    }


def frozen(row: models.Model) -> Any:
    """A version past its form: everything that is text."""
    content = row.content  # type: ignore[attr-defined]
    words = {name: planter.text(200) for name, value in content.items() if isinstance(value, str) and name != "kind"}
    return content | words | {"logos": [{"sha256": "0" * 64, "alt": planter.text(100)}]}


FORMED: dict[str, Callable[[Any], Any]] = {
    "certificates.ArchivePart.problems": lambda _row: [{"number": planter.text(), "problem": planter.text()}],
    "certificates.Template.number_format": lambda _row: "{urut:04}/<b xss>/{kode}/{tahun}",
    "certificates.TemplateVersion.content": frozen,
    "certificates.TemplateVersion.checks": lambda _row: [
        {"check": "qr", "draft": "biasa", "ok": False, "text": planter.text()}
    ],
    "courses.Edition.changes": lambda _row: [planter.text() for _line in range(3)],
    "courses.QuestionVersion.options": options,
    "people.AccessLog.detail": detail,
    "people.ChangeLog.detail": detail,
    "people.Organiser.number_format": lambda _row: "{sequence:04}/<b xss>/{code}/{year}",
    "people.Person.email": lambda row: f'"<img/src=x/onerror=__xss(910)>{row.pk}"@uji.test',
    "reports.Export.filters": lambda _row: [[planter.text(), planter.text()]],
    "reports.Export.totals": lambda _row: {planter.text(): 1},
    "reports.Reconciliation.named": lambda row: [
        one | {side: planter.text() for side in ("key", "stored", "counted")} for one in row.named
    ],
    "people.RosterImport.file_name": lambda _row: planter.text(180) + ".csv",
    "people.RosterImport.headings": lambda _row: [planter.text() for _heading in range(3)],
    "people.RosterImport.mapping": lambda _row: {planter.text(): "name"},
    "people.RosterImport.samples": samples,
}


def name_of_file(row: models.Model, field: models.Field[Any, Any]) -> str:
    """The file goes on under a name that no form would leave as it is."""
    kept = getattr(row, field.name)
    old = Path(kept.path)
    new = old.with_name(f'"><img src=x onerror=__xss(911)>{row.pk}{old.suffix}')
    if old.exists():
        old.rename(new)
    return str(Path(kept.name).with_name(new.name))


def value_for(row: models.Model, field: models.Field[Any, Any]) -> Any:
    label = f"{field.model._meta.label}.{field.name}"
    if label in FORMED:
        return FORMED[label](row)
    if isinstance(field, StreamField):
        return field.to_python(stream(field.stream_block, edited=isinstance(row, Page)))
    if isinstance(field, models.FileField):
        return name_of_file(row, field)
    if isinstance(field, models.URLField):
        return planter.address()
    assert isinstance(field, models.CharField | models.TextField), (
        f"say how {label} is planted, in FORMED or OF_MACHINES"
    )
    tail = str(row.pk) if field.unique else ""
    return planter.text((field.max_length or 600) - len(tail)) + tail


# The texts of blocks


def stream(block: blocks.StreamBlock, *, edited: bool) -> list[dict[str, Any]]:
    """Each kind of block twice: with and without what may be left out. The editor reads only markup that is balanced."""
    return [
        {"type": name, "value": block_value(child, full=full, edited=edited), "id": str(uuid.uuid4())}
        for name, child in block.child_blocks.items()
        for full in (True, False)
    ]


def table(*, full: bool) -> dict[str, Any]:
    cell = {"row": 1, "col": 1, "className": f'htRight " onfocus=__xss(912) autofocus x="{planter.text(80)}'}
    rows = [[planter.text(120) for _column in range(3)] for _row in range(3)]
    return {
        "data": rows,
        "first_row_is_table_header": full,
        "first_col_is_header": full,
        "cell": [cell],
        "mergedCells": [],
        "table_header_choice": planter.text(80),
        "table_caption": planter.text(80),
    }


CHOSEN: dict[type[blocks.Block], type[models.Model]] = {
    ImageChooserBlock: Image,
    DocumentChooserBlock: Document,
    SnippetChooserBlock: LegalReference,
}
LEAVES: dict[type[blocks.Block], Callable[[], Any]] = {
    blocks.RichTextBlock: planter.rich,
    blocks.URLBlock: planter.address,
    blocks.CharBlock: lambda: planter.text(240),
    blocks.TextBlock: lambda: planter.text(240),
    blocks.IntegerBlock: lambda: 3,
    blocks.FloatBlock: lambda: 3,
}


def block_value(block: blocks.Block, *, full: bool, edited: bool) -> Any:
    kind = type(block)
    if isinstance(block, blocks.StructBlock):
        return {name: block_value(child, full=full, edited=edited) for name, child in block.child_blocks.items()}
    if isinstance(block, blocks.ListBlock):
        return [block_value(block.child_block, full=full, edited=edited) for _item in range(3)]
    if isinstance(block, TableBlock):
        return table(full=full)
    if kind in CHOSEN:
        return CHOSEN[kind]._default_manager.earliest("pk").pk if full or block.required else None
    if isinstance(block, blocks.BooleanBlock):
        return full
    assert kind in LEAVES, f"say what is planted in a {kind.__name__}"
    value = LEAVES[kind]()
    return str(BeautifulSoup(value, "html.parser")) if edited and kind is blocks.RichTextBlock else value


# The rows


def fields_of(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The fields of a model in which somebody writes freely."""
    left_out = OF_MACHINES.get(model._meta.label, set())
    return [
        field
        for field in model._meta.local_fields
        if isinstance(field, WRITTEN) and not field.choices and field.name not in left_out
    ]


def written_models() -> list[type[models.Model]]:
    found = [m for m in apps.get_models() if m._meta.app_label in ROOMS or m._meta.label in OF_WAGTAIL]
    return [model for model in found if fields_of(model)]


def plant_every_row() -> list[str]:
    """Write into every field of every row; returns the models that have no row."""
    empty = []
    for model in written_models():
        rows = list(model._default_manager.all())
        if not rows:
            empty.append(model._meta.label)
        for row in rows:
            values = {field.name: value_for(row, field) for field in fields_of(model)}
            models.QuerySet(model).filter(pk=row.pk).update(**values)  # also what never changes
    return empty


def make_rows(world: World) -> CoursePage:
    """A row of every model that the world has not; a course with pages at the desk of unit A2."""
    for slug in ("bantuan", "privasi", "aksesibilitas"):
        make_home().add_child(instance=TextPage(title=slug, slug=slug))
    make_catalog()
    Image.objects.create(title="x", file=ContentFile(HOSTILE_SVG.encode(), name="x.svg"), width=320, height=200)
    for name in ("x.csv", "x.txt"):
        Document.objects.create(title=name, file=ContentFile(HOSTILE_HTML.encode(), name=name))
    old = make_legal_reference("lama", superseded_by=make_legal_reference("baru"))
    page = make_course_page(lessons=2)
    organiser = OrganiserFactory(unit=world.units["A2"])
    course = page.course
    course.organiser = organiser
    course.save()
    QuestionBank.objects.all().update(organiser=organiser)
    page.legal_references.add(old)
    page.save()
    for edition in (world.edition, world.certified):
        edition.course.organiser = organiser
        edition.course.save()
        for activity in edition.activities.all():
            EditionAsset.objects.create(activity=activity, legal_reference=old)
    path = LearningPath.objects.create(key="jalur", title="x", summary="x", organiser=organiser, is_public=True)
    PathStep.objects.create(path=path, course=course)
    PathStep.objects.create(path=path, course=world.edition.course)
    Run.objects.create(course=course, year=2026, number=1, opens_on=date(2026, 1, 1), closes_on=date(2026, 12, 31))
    trainer, organiser_person = world.readers["trainer"], world.readers["organiser"]
    for state, by in (("waiting", trainer), ("returned", organiser_person)):
        EditionProposal.objects.create(
            course=course, kind="minor", note="x", content_hash="0" * 64, proposed_by=by, proposed_at=AT, state=state,
            decided_by=trainer if state == "returned" else None, decided_at=AT if state == "returned" else None,
        )  # fmt: skip
    people = [world.owners["same unit"], world.owners["sibling"], *world.readers.values()]
    for action in ChangeLog.Action.values:
        ChangeLog.objects.create(at=AT, actor=trainer, action=action, subject=people[0], unit=world.units["A1a"])
    for subject in (people[0], None):
        look = AccessLog.objects.create(person=trainer, action="report_file", scope="x", at=AT, subject=subject)
        look.units.add(world.units["A1a"])
    HolderDetails.objects.create(person=people[0], birth_place="x", changed_at=AT)
    Message.objects.create(person=people[0], key="x", subject="x", body="x", created_at=AT)
    Revocation.objects.create(
        organiser=organiser, reason="misconduct", note="x", proposed_by=organiser_person, proposed_at=AT,
        declined_by=trainer, declined_at=timezone.now(), decline_note="x",
    )  # fmt: skip
    world.proposal(people[0])
    log(path, "wagtail.edit", user=trainer)
    Collection.get_first_root_node().add_child(name="x")
    Image.objects.earliest("pk").tags.add("x")
    comment = Comment.objects.create(page=page, user=trainer, text="x", contentpath="title")
    CommentReply.objects.create(comment=comment, user=trainer, text="x")
    return page


def publish_pages() -> None:
    """A revision and a line of history of each page, with what was planted."""
    for page in Page.objects.filter(depth__gt=1).specific():
        page.save_revision(user=None, log_action=True).publish()


def victims(world: World) -> dict[str, Person]:
    officer = world.units["A"]
    more = {
        "reviewer": _officer(Role.Kind.REVIEWER, world.units["A2"]),
        "data protection officer": _officer(Role.Kind.DATA_PROTECTION, officer),
        "superuser": _officer(Role.Kind.TRAINER, world.units["A2"]),
    }
    Person.objects.filter(pk=more["superuser"].pk).update(is_superuser=True, is_staff=True)
    return world.readers | more


def plant() -> dict[str, Any]:
    """Returns for each reader the session and the addresses to begin with; and what was not planted."""
    with transaction.atomic():
        world = make_world()
        page = make_rows(world)
        readers = victims(world)
        plant_every_row()
        publish_pages()
        publish_edition(page.course, kind="minor", by=None, at=timezone.now())
        page.course.title += "x"
        page.course.save()
        publish_pages()
        addresses = {reader: paths_of(world, reader) for reader in READERS}
        sent = Attempt.objects.filter(enrolment__person=readers["organiser"]).latest("pk")
        submit_attempt(sent, at=timezone.now() + timedelta(seconds=1))
        empty = plant_every_row()
    came = {"people": by_roster(world), "lessons": by_package(page.course.organiser)}
    sessions = {name: make_sessions(people=[person.pk])[0] for name, person in readers.items()} | {"anonymous": ""}
    return {
        "sessions": sessions,
        "addresses": addresses | {name: [] for name in sessions if name not in addresses},
        "empty": empty,
        "came": came,
        "kinds": {page.pk: page.specific_class.__name__ for page in Page.objects.filter(depth__gt=1)},
        "planted": sorted(planter.planted),
        "files": files(),
    }


def by_roster(world: World) -> int:
    """Texts in every cell of a roster, taken in by the importer; returns how many people came."""
    path = Path(settings.DATA_DIR) / "pegawai.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["NIP", "Nama", "Gelar Depan", "Gelar Belakang", "Jabatan", "Unit Kerja"])
        for number, payload in enumerate(CORPUS):
            texts = [planter.mark(60), planter.mark(80), planter.text(200), planter.text(200)]
            table.writerow([make_nip(20_000 + number), payload.text[:200], *texts])
    agency, options = world.units["A"].agency, Options(create_units=True)
    return import_roster(path, agency=agency, options=options, by=None, at=timezone.now()).new


def by_package(organiser: Organiser) -> int:
    """A package with texts wherever it holds any, taken in by the importer; returns how many lessons came."""
    lines = [f"`{each.text}`" for each in CORPUS if each.text.isprintable() and "`" not in each.text]
    lesson = {"key": "materi", "title": planter.text(200), "summary": planter.text(), "reading_minutes": 45}
    course = {
        "key": "paket", "code": "Z9", "title": planter.text(200), "short_title": planter.text(80), "level": "dasar",
        "summary": planter.text(), "audience": planter.text(200), "outcomes": ["Anda dapat " + planter.text()],
        "topics": ["Satu", "Dua"], "credit_hours": 1, "modules": ["01-pertama"],
    }  # fmt: skip
    module = {"key": "pertama", "title": planter.text(200), "summary": planter.text()}
    content: Files = {
        "paket/course.yaml": yaml.safe_dump(course, allow_unicode=True),
        "paket/01-pertama/module.yaml": yaml.safe_dump(module, allow_unicode=True),
        "paket/01-pertama/01-materi.md": f"---\n{yaml.safe_dump(lesson, allow_unicode=True)}---\n" + "\n\n".join(lines),
    }
    path = Path(settings.DATA_DIR) / "paket.zip"
    path.write_bytes(zipped(content))
    with read_package(path) as package:
        import_package(package, organiser, by=None)
    return len(LessonPage.objects.filter(title=lesson["title"]))


def paths_of(world: World, reader: str) -> list[str]:
    """Every address that the matrix opens to this reader, for reading."""
    person = world.readers.get(reader)
    found = []
    for line in LINES:
        if line.method == "GET" and line.name != "cms/*" and line.expected[reader] == "ok":
            owner = world.person("own" if line.relation == "-" else line.relation, person)
            found.append(address(line.name, kwargs_of(world, line.name, owner)))
    if reader == "organiser":  # here the certificates are of its own courses
        holder = world.owners["same unit"]
        own = ("issued_certificate", "revocation_approve")
        found += [address(name, kwargs_of(world, name, holder)) for name in own]
    return list(dict.fromkeys(found))


def files() -> list[str]:
    """The addresses of uploaded files."""
    images = [image.file.url for image in Image.objects.all()]
    return images + [document.url for document in Document.objects.all()]
