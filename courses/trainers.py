"""What trainers may do in the CMS: a group with the permissions, and who is in it."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from academy.people.models import Person
from courses.models import CatalogPage, Course, LegalReference, Question, QuestionBank

GROUP = "Pengajar"
COLLECTION = "Pelatihan"
PAGE_ACTIONS = ("add", "change", "publish")
FILE_ACTIONS = ("add", "change", "choose")
# None of them is deleted: editions, enrolments and certificates rest on them. A question is retired.
SNIPPETS: dict[type[Model], tuple[str, ...]] = {
    Course: ("add", "change", "view"),
    LegalReference: ("add", "change", "view"),
    QuestionBank: ("add", "change", "view"),
    Question: ("add", "change", "view"),
}


def trainers_collection() -> Collection:
    """Where the images and files of courses lie."""
    collection = Collection.objects.filter(name=COLLECTION).first()
    if collection is None:
        collection = Collection.get_first_root_node().add_child(name=COLLECTION)
    return collection


@transaction.atomic
def ensure_trainer_group() -> Group:
    """The group with its permissions on the catalogue (if there is one yet); a repeat adds nothing."""
    group, _created = Group.objects.get_or_create(name=GROUP)
    group.permissions.add(_permission("wagtailadmin", "access_admin"))
    for model, actions in SNIPPETS.items():
        name = model._meta.model_name
        group.permissions.add(*(_permission(model._meta.app_label, f"{action}_{name}") for action in actions))
    collection = trainers_collection()
    for model in (get_image_model(), get_document_model()):
        for action in FILE_ACTIONS:
            permission = _permission(model._meta.app_label, f"{action}_{model._meta.model_name}")
            GroupCollectionPermission.objects.get_or_create(group=group, collection=collection, permission=permission)
    catalog = CatalogPage.objects.first()
    if catalog is not None:
        pages = ContentType.objects.get_for_model(Page)
        for action in PAGE_ACTIONS:
            permission = Permission.objects.get(content_type=pages, codename=f"{action}_page")
            GroupPagePermission.objects.get_or_create(group=group, page=catalog.page_ptr, permission=permission)
    return group


def grant_trainer(person: Person) -> None:
    """Let this person write courses in the CMS; a repeat changes nothing."""
    person.groups.add(ensure_trainer_group())


def _permission(app_label: str, codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
