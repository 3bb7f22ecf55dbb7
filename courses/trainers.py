"""What roles allow in the CMS: for each organiser a group that writes its courses and one that reviews them.

Everything here is derived from roles, organisers and course pages, and compared with them at each request of the CMS
(`courses.cms_gate`): nothing has to be told when a role is granted or ends, a course page is made or changes hands.
"""

from __future__ import annotations

from collections.abc import Collection as Many
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from academy.people.models import Organiser, Person, Role, WorkUnit
from academy.people.models.role import covers
from academy.people.scope import units_under
from courses.models import Course, CoursePage, LearningPath, LegalReference, Question, QuestionBank, Run

WRITERS = (Role.Kind.TRAINER, Role.Kind.ORGANISER)
DESK = (*WRITERS, Role.Kind.REVIEWER)
WRITE, REVIEW = "Pengajar", "Peninjau"
LEGAL_GROUP = "Dasar hukum"  # whoever holds the role of organiser may correct what all courses cite
SHARED = "Pelatihan"  # the one collection there was before each organiser had its own
PAGE_ACTIONS = {WRITE: ("add", "change", "publish"), REVIEW: ("change",)}
FILE_ACTIONS = {WRITE: ("add", "change", "choose"), REVIEW: ("choose",)}
# None of them is deleted: editions, enrolments and certificates rest on them. A question is retired.
SNIPPETS: dict[str, dict[type[Model], tuple[str, ...]]] = {
    WRITE: {
        Course: ("add", "change", "view"),
        LegalReference: ("add", "view"),
        QuestionBank: ("add", "change", "view"),
        Question: ("add", "change", "view"),
        Run: ("add", "change", "view"),
        LearningPath: ("add", "change", "view"),
    },
    REVIEW: dict.fromkeys((Course, LegalReference, QuestionBank, Question, Run, LearningPath), ("view",)),
}
TO_ORGANISER: dict[type[Model], str] = {
    Organiser: "pk",
    Course: "organiser",
    QuestionBank: "organiser",
    Question: "bank__organiser",
    Run: "course__organiser",
    LearningPath: "organiser",
}


def take_part(model: type[Model], *, organiser: str, write: tuple[str, ...], review: tuple[str, ...]) -> None:
    """Let a room above have a snippet of its own at the desk, scoped as the ones of courses are; call when it is ready.

    `organiser` is the way from a row to its organiser.
    """
    TO_ORGANISER[model] = organiser
    SNIPPETS[WRITE][model], SNIPPETS[REVIEW][model] = write, review


def grant(model: type[Model]) -> None:
    """Give the groups that are there already what they may do with this model; groups made later have it from the start."""
    for level in (WRITE, REVIEW):
        codes = [f"{action}_{model._meta.model_name}" for action in SNIPPETS[level][model]]
        permissions = Permission.objects.filter(content_type__app_label=model._meta.app_label, codename__in=codes)
        for group in Group.objects.filter(name__startswith=f"{level} "):
            group.permissions.add(*permissions)


def organisers_of(person: Person, *, at: datetime, kinds: Many[Role.Kind] = DESK) -> QuerySet[Organiser]:
    """The organisers whose unit lies in the scope of a role of these kinds; all of them for a superuser."""
    if person.is_superuser and person.is_active:
        return Organiser.objects.all()
    roles = Role.objects.in_force(at).filter(person=person, kind__in=kinds, person__is_active=True)
    return Organiser.objects.filter(unit__in=units_under(roles.select_related("unit")))


def desk_of(organisers: Iterable[Organiser], *, at: datetime, kinds: Many[Role.Kind] = DESK) -> QuerySet[Person]:
    """The people with a role of these kinds over one of these organisers."""
    condition = Q(pk__in=[])
    for unit in WorkUnit.objects.filter(organiser__in=organisers):
        condition |= covers(unit)
    roles = Role.objects.in_force(at).filter(condition, kind__in=kinds)
    return cast("QuerySet[Person]", Person.objects.filter(pk__in=roles.values("person"), is_active=True))


def own_rows(model: type[Model], person: Person, *, at: datetime, kinds: Many[Role.Kind] = DESK) -> QuerySet[Any]:
    """The rows of the organisers this person writes or reviews for; rows of a model without organiser are everybody's.

    What is changed takes `kinds=WRITERS`: rights in the CMS are per model, and whoever writes for one organiser may
    only review for another.
    """
    rows = model._default_manager.all()
    if person.is_superuser or model not in TO_ORGANISER:
        return rows
    return rows.filter(**{f"{TO_ORGANISER[model]}__in": organisers_of(person, at=at, kinds=kinds)})


def sync_trainer_groups(person: Person, *, at: datetime) -> bool:
    """Bring the groups of this person, and what they may do, in line with the roles in force at that moment.

    Returns whether there is an organiser to write or review for.
    """
    writes = list(organisers_of(person, at=at, kinds=WRITERS))
    reviews = list(organisers_of(person, at=at, kinds=[Role.Kind.REVIEWER]))
    wanted = {group_name(WRITE, one) for one in writes} | {group_name(REVIEW, one) for one in reviews}
    if Role.objects.in_force(at).filter(person=person, kind=Role.Kind.ORGANISER).exists():
        wanted.add(LEGAL_GROUP)
    managed = Group.objects.filter(Q(name__startswith=f"{WRITE} ") | Q(name__startswith=f"{REVIEW} ")) | (
        Group.objects.filter(name__in=[LEGAL_GROUP, WRITE])
    )
    held = dict(managed.filter(user=person).values_list("name", "pk"))
    ensure_page_permissions({*writes, *reviews})
    if wanted == set(held):
        return bool(writes or reviews)
    with transaction.atomic():
        person.groups.remove(*(pk for name, pk in held.items() if name not in wanted))
        person.groups.add(*Group.objects.filter(name__in=wanted - set(held)))
    return bool(writes or reviews)


def group_name(level: str, organiser: Organiser) -> str:
    return f"{level} {organiser.code}"


def ensure_page_permissions(organisers: Iterable[Organiser]) -> None:
    """The groups of these organisers with exactly the permissions on their course pages; a repeat writes nothing."""
    groups = {(level, one.pk): group_name(level, one) for one in organisers for level in (WRITE, REVIEW)}
    pages: dict[int, set[int]] = {pk: set() for _level, pk in groups}
    for organiser, page in CoursePage.objects.filter(course__organiser__in=pages).values_list(
        "course__organiser", "pk"
    ):
        pages[organiser].add(page)
    wanted = {
        (name, page, f"{action}_page")
        for (level, organiser), name in groups.items()
        for page in pages[organiser]
        for action in PAGE_ACTIONS[level]
    }
    there = GroupPagePermission.objects.filter(group__name__in=groups.values())
    held = {
        (name, page, code): pk
        for name, page, code, pk in there.values_list("group__name", "page", "permission__codename", "pk")
    }
    missing = set(groups.values()) - set(Group.objects.filter(name__in=groups.values()).values_list("name", flat=True))
    if not missing and wanted == set(held):
        return
    with transaction.atomic():
        for one in organisers:
            if missing & {group_name(WRITE, one), group_name(REVIEW, one)}:
                ensure_groups(one)
        GroupPagePermission.objects.filter(pk__in=[pk for key, pk in held.items() if key not in wanted]).delete()
        by_name = {group.name: group for group in Group.objects.filter(name__in=groups.values())}
        of_pages = ContentType.objects.get_for_model(Page)
        for name, page, code in sorted(wanted - set(held)):
            permission = Permission.objects.get(content_type=of_pages, codename=code)
            GroupPagePermission.objects.get_or_create(group=by_name[name], page_id=page, permission=permission)


@transaction.atomic
def ensure_groups(organiser: Organiser) -> None:
    """The two groups of an organiser with what does not depend on its pages; a repeat adds nothing."""
    collection = organiser_collection(organiser)
    for level in (WRITE, REVIEW):
        group, _created = Group.objects.get_or_create(name=group_name(level, organiser))
        group.permissions.add(_permission("wagtailadmin", "access_admin"))
        for model, actions in SNIPPETS[level].items():
            group.permissions.add(*(_permission_on(model, action) for action in actions))
        for model in (get_image_model(), get_document_model()):
            for action in FILE_ACTIONS[level]:
                GroupCollectionPermission.objects.get_or_create(
                    group=group, collection=collection, permission=_permission_on(model, action)
                )
    legal, _created = Group.objects.get_or_create(name=LEGAL_GROUP)
    legal.permissions.add(*(_permission_on(LegalReference, action) for action in ("add", "change", "view")))


def ensure_all_groups() -> None:
    """For every organiser, with the permissions this version gives; the group of old that wrote everything goes."""
    for organiser in Organiser.objects.all():
        ensure_groups(organiser)
    ensure_page_permissions(Organiser.objects.all())
    Group.objects.filter(name=WRITE).delete()


def organiser_collection(organiser: Organiser) -> Collection:
    """Where the images and files of its courses lie. The first organiser takes over the one collection of old."""
    name = f"{SHARED} {organiser.code}"
    collection = Collection.objects.filter(name=name).first()
    if collection is None:
        collection = Collection.objects.filter(name=SHARED).first()
        if collection is None:
            return Collection.get_first_root_node().add_child(name=name)
        collection.name = name
        collection.save(update_fields=["name"])
    return collection


def ensure_course_page(course: Course, *, by: Person) -> CoursePage | None:
    """The page of a course, as a draft when it is new: trainers may not add pages to the catalogue themselves."""
    from courses.models import CatalogPage

    page: CoursePage | None = CoursePage.objects.filter(course=course).first()
    catalog = CatalogPage.objects.first()
    if page is not None or catalog is None:
        return page
    taken = catalog.get_children().filter(slug=course.key).exists()
    made: CoursePage = catalog.add_child(
        instance=CoursePage(
            course=course,
            title=course.title,
            slug=f"{course.key}-{course.pk}" if taken else course.key,
            summary=course.title,
            audience="ASN",
            outcomes="–",
            live=False,
            owner=by,
        )
    )
    made.save_revision(user=by)
    return made


def _permission_on(model: type[Model], action: str) -> Permission:
    return _permission(model._meta.app_label, f"{action}_{model._meta.model_name}")


def _permission(app_label: str, codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
