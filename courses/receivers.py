"""What courses do when people move, and when a course or a regulation changes."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from academy.pages.caching import content_changed
from academy.people.models import Person, Placement
from academy.people.signals import placed
from courses.models import Course, Enrolment, LearnerYear, LegalReference


@receiver(placed, dispatch_uid="correct_enrolment_mirrors")
def correct_enrolment_mirrors(sender: type[Placement], person_ids: list[int], **kwargs: Any) -> None:
    """One UPDATE of each table for all who moved. Completions keep the unit that earned them."""
    person = Person.objects.filter(pk=OuterRef("person"))
    for mirror in (Enrolment, LearnerYear):
        mirror.objects.filter(person__in=person_ids).update(
            unit=Subquery(person.values("unit")[:1]), agency=Subquery(person.values("unit__agency")[:1])
        )


def public_rows_changed(**kwargs: Any) -> None:
    """Courses and regulations stand on public pages: those kept for readers are out of date."""
    transaction.on_commit(content_changed, robust=True)


for model in (Course, LegalReference):
    post_save.connect(public_rows_changed, sender=model, dispatch_uid=f"{model.__name__}_saved")
    post_delete.connect(public_rows_changed, sender=model, dispatch_uid=f"{model.__name__}_deleted")
