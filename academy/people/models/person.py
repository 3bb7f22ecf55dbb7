"""The official, who is also the user."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from academy.covering import CoveringIndex
from academy.people.models.agency import WorkUnit
from academy.people.nip import validate as validate_nip


class PersonQuerySet(models.QuerySet["Person"]):
    def on_roster(self) -> Self:
        """Officials who are placed in a unit and may learn: what HR calls the target (sasaran)."""
        return self.filter(is_active=True, unit__isnull=False)


class PersonManager(BaseUserManager["Person"].from_queryset(PersonQuerySet)):  # type: ignore[misc]
    """Django asks a user model for these two verbs."""

    def create_user(self, email: str | None = None, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=self.normalize_email(email) or None, **fields)
        person.set_password(password)  # None leaves it unusable
        person.save(using=self._db)
        return person  # type: ignore[no-any-return]

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Person:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)  # type: ignore[no-any-return]


class Person(AbstractBaseUser, PermissionsMixin):
    """An official (ASN) or another person who signs in. The surrogate key identifies, never the NIP.

    `unit` mirrors the placement of today and is written only by `placements.place()`.
    """

    class Kind(models.TextChoices):
        PNS = "pns", "PNS"
        PPPK = "pppk", "PPPK"
        OTHER = "other", _("Other")

    name = models.CharField(_("name"), max_length=200)
    title_before = models.CharField(_("titles before the name"), max_length=60, blank=True)
    title_after = models.CharField(_("titles after the name"), max_length=80, blank=True)
    nip = models.CharField("NIP", max_length=18, unique=True, null=True, blank=True, validators=[validate_nip])
    email = models.EmailField(_("e-mail"), null=True, blank=True)  # noqa: DJ001  unique, and several have none
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PNS)
    grade = models.CharField(_("golongan"), max_length=8, blank=True)
    position = models.CharField(_("position"), max_length=200, blank=True)
    unit = models.ForeignKey(
        WorkUnit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("work unit"),
        db_index=False,  # that of the roster begins with it
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("works in the CMS"), default=False)
    joined_at = models.DateTimeField(_("joined at"), default=timezone.now, editable=False)

    objects: ClassVar[Any] = PersonManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="person_email_once"),
            models.CheckConstraint(
                condition=Q(nip__isnull=False) | Q(email__isnull=False), name="person_has_nip_or_email"
            ),
            models.CheckConstraint(condition=~Q(nip="") & ~Q(email=""), name="person_nip_and_email_null_not_empty"),
        ]
        # Reports count the roster of a unit, by kind, from this alone, and page through it by name.
        indexes = [
            CoveringIndex(fields=["unit", "name", "id"], include=["kind", "is_active"], name="person_of_unit_by_name"),
            # The few whose account is switched off, whom reports leave out of everybody.
            models.Index(fields=["unit", "id"], condition=Q(is_active=False), name="person_inactive_of_unit"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @cached_property
    def role_kinds(self) -> frozenset[str]:
        """The kinds of the roles in force when first asked; a person who signed in brings them along (signin.py)."""
        return frozenset(self.roles.in_force(timezone.now()).values_list("kind", flat=True))

    @property
    def full_name(self) -> str:
        """The name with its titles: Dr. Maria Bere, S.Sos., M.Si."""
        return f"{self.title_before} {self.name}".strip() + (f", {self.title_after}" if self.title_after else "")

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.name


class NipHistory(models.Model):
    """A number the person used to have: a PPPK's changes with the agency."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="former_nips")
    nip = models.CharField("NIP", max_length=18, db_index=True)
    until_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "nip"], name="nip_history_once")]
