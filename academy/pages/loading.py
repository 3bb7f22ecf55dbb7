"""Bring what files say into the CMS, without overwriting what somebody edited there.

Each item is remembered with a hash of what the loader wrote last (`LoadedItem`). An object that reads otherwise now was
edited in the CMS and is kept, unless the loading was told to overwrite. Loading twice changes nothing the second time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from django.core.files.base import ContentFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Collection, Page

from academy.pages.models import LoadedItem

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Page)
Values = dict[str, Any]
# What people call the kinds of `LoadedItem`.
NAMES: dict[str, Promise] = {
    "page": gettext_lazy("page"),
    "legal-reference": gettext_lazy("legal reference"),
    "course": gettext_lazy("course"),
    "course-page": gettext_lazy("course page"),
    "question-bank": gettext_lazy("question bank"),
    "question": gettext_lazy("question"),
    "module": gettext_lazy("module"),
    "lesson": gettext_lazy("lesson"),
    "quiz": gettext_lazy("quiz"),
    "image": gettext_lazy("image"),
    "document": gettext_lazy("file"),
}


@dataclass
class Loading:
    """One run of a loader. `say` gets a line for each thing somebody should know, `detail` one for each thing written."""

    say: Callable[[str], None]
    detail: Callable[[str], None] = lambda _line: None
    overwrite: bool = False
    changed: int = 0
    created: set[int] = field(default_factory=set)  # pages
    seen: set[int] = field(default_factory=set)  # pages, created or found
    stored: list[FieldFile] = field(default_factory=list)  # what no transaction takes back

    def wrote(self, what: str) -> None:
        self.changed += 1
        self.detail(what)


def named(kind: str, key: str) -> str:
    return f"{NAMES.get(kind, kind)} {key}"


def content_hash(values: Values) -> str:
    text = json.dumps(values, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def load_object(
    loading: Loading,
    kind: str,
    key: str,
    wanted: Values,
    *,
    find: Callable[[int | None], M | None],
    read: Callable[[M], Values],
    write: Callable[[M | None], M],
) -> M | None:
    """Make the object of `key` read like `wanted`; None if it was deleted in the CMS and stays so.

    `find` gets the primary key written down last time (None at first); `write` creates the object or changes it.
    """
    item = LoadedItem.objects.filter(kind=kind, key=key).first()
    found = find(item.object_id if item else None)
    if found is None and item is not None and not loading.overwrite:
        loading.say(_("kept: deleted in the CMS: %(what)s") % {"what": named(kind, key)})
        return None
    wanted_hash = content_hash(wanted)
    if found is not None:
        found_hash = content_hash(read(found))
        is_edited = item is None or found_hash != item.content_hash
        if found_hash != wanted_hash and is_edited and not loading.overwrite:
            loading.say(_("kept: edited in the CMS: %(what)s") % {"what": named(kind, key)})
            return found
        if found_hash == wanted_hash:
            _remember(item, kind, key, found, wanted_hash)
            return found
    written = write(found)
    line = _("created: %(what)s") if found is None else _("changed: %(what)s")
    loading.wrote(line % {"what": named(kind, key)})
    _remember(item, kind, key, written, wanted_hash)
    return written


def _remember(item: LoadedItem | None, kind: str, key: str, written: Model, wanted_hash: str) -> None:
    if item is None or (item.object_id, item.content_hash) != (written.pk, wanted_hash):
        LoadedItem.objects.update_or_create(
            kind=kind, key=key, defaults={"object_id": written.pk, "content_hash": wanted_hash}
        )


def load_row(loading: Loading, kind: str, key: str, model: type[M], wanted: Values, *, by: Values) -> M | None:
    """A plain row with these field values; `by` finds one that stands there without having been loaded."""

    def find(pk: int | None) -> M | None:
        return model._default_manager.filter(**({"pk": pk} if pk else by)).first()

    def write(found: M | None) -> M:
        row = found or model(**by)
        for name, value in wanted.items():
            setattr(row, name, value)
        row.full_clean()
        row.save()
        return row

    return load_object(
        loading,
        kind,
        key,
        wanted,
        find=find,
        read=lambda row: {name: getattr(row, name) for name in wanted},
        write=write,
    )


def load_page(
    loading: Loading, kind: str, key: str, model: type[P], wanted: Values, *, parent: Page, fixed: Values | None = None
) -> P | None:
    """A published page below `parent` with these field values; `fixed` names it and is set once, when it is created.

    A draft that somebody is working on, and a page taken off the site, count as edited.
    """
    slug = wanted["slug"]

    def find(pk: int | None) -> P | None:
        pages = model._default_manager.all()
        found: P | None = pages.filter(**({"pk": pk} if pk else fixed or {"pk": None})).first()
        return found if pk or found else pages.child_of(parent).filter(slug=slug).first()

    def read(page: P) -> Values:
        latest = page.get_latest_revision_as_object()
        values = {name: _as_data(getattr(latest, name)) for name in wanted}
        # Only what the loader publishes reads as wanted: a page that is not live differs.
        return values if page.live else values | {"live": False}

    def write(found: P | None) -> P:
        page: P = found or model(**(fixed or {}))
        relations = {name for name in wanted if model._meta.get_field(name).many_to_many}
        for name in wanted.keys() - relations:
            setattr(page, name, wanted[name])
        if found is None:
            parent.add_child(instance=page)
            loading.created.add(page.pk)
        for name in relations:  # they need the primary key
            setattr(page, name, wanted[name])
        page.save_revision(clean=True).publish()
        page.refresh_from_db()
        return page

    page = load_object(loading, kind, key, wanted, find=find, read=read, write=write)
    if page is not None:
        loading.seen.add(page.pk)
    return page


def _as_data(value: Any) -> Any:
    """A StreamField as JSON data, a relation to many as sorted keys, anything else as it is."""
    if hasattr(value, "raw_data"):
        return list(value.raw_data)
    if hasattr(value, "values_list"):
        return sorted(row.pk for row in value.all())
    return value


def load_order(loading: Loading, key: str, parent: Page, pages: Sequence[Page]) -> None:
    """Put these children of `parent` in this order, unless somebody moved them in the CMS since."""
    wanted = [page.pk for page in pages]
    now = list(parent.get_children().filter(pk__in=wanted).order_by("path").values_list("pk", flat=True))
    item = LoadedItem.objects.filter(kind="order", key=key).first()
    known = content_hash({"order": [pk for pk in now if pk not in loading.created]})
    if now != wanted and item is not None and item.content_hash != known and not loading.overwrite:
        loading.say(_("kept: moved in the CMS: pages of %(key)s") % {"key": key})
        return
    if now != wanted:
        for pk in wanted:
            Page.objects.get(pk=pk).move(Page.objects.get(pk=parent.pk), pos="last-child")
        loading.wrote(_("moved: pages of %(key)s") % {"key": key})
    _remember(item, "order", key, parent, content_hash({"order": wanted}))


def load_images(loading: Loading, folder: Path, *, key: str, collection: Collection) -> dict[str, int]:
    """The images of a folder by file name, as primary keys."""
    return _load_files(loading, "image", get_image_model(), folder, key, collection)


def load_documents(loading: Loading, folder: Path, *, key: str, collection: Collection) -> dict[str, int]:
    return _load_files(loading, "document", get_document_model(), folder, key, collection)


def _load_files(
    loading: Loading, kind: str, model: type[Any], folder: Path, key: str, collection: Collection
) -> dict[str, int]:
    return {
        path.name: _load_file(loading, kind, model, path, f"{key}/{path.name}", collection)
        for path in (sorted(folder.iterdir()) if folder.is_dir() else [])
    }


def _load_file(loading: Loading, kind: str, model: type[Any], path: Path, key: str, collection: Collection) -> int:
    """A changed file becomes a new row: what an edition shows stays as it was."""
    content = path.read_bytes()
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()  # as Wagtail hashes files
    item = LoadedItem.objects.filter(kind=kind, key=key).first()
    row = model.objects.filter(pk=item.object_id).first() if item else None
    if item and row and not loading.overwrite:
        if item.content_hash == digest:
            return item.object_id
        if row.file_hash != item.content_hash:
            loading.say(_("kept: edited in the CMS: %(what)s") % {"what": named(kind, key)})
            return item.object_id
    row = model.objects.filter(file_hash=digest, collection=collection).first()
    if row is None:
        row = model(title=path.name, file=ContentFile(content, name=path.name), collection=collection)
        row.file_hash, row.file_size = digest, len(content)
        row.save()
        loading.stored.append(row.file)
        loading.wrote(_("created: %(what)s") % {"what": named(kind, key)})
    _remember(item, kind, key, row, digest)
    return int(row.pk)
