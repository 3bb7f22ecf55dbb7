"""What a certificate says: the copy its authors write, the versions that were published, and the pictures printed."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, MultiFieldPanel
from wagtail.images import get_image_model_string
from wagtail.models import PreviewableMixin

from academy.people.models import Organiser
from certificates import default_words, number_formats, placeholders
from certificates.template_form import TemplateForm
from courses.models import Completion

PASSED = Completion.Outcome.PASSED


class Immutable(TypeError):
    """Somebody tried to change what never changes."""


class ImmutableQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise Immutable

    def delete(self) -> NoReturn:
        raise Immutable


class ImmutableModel(models.Model):
    """Written once: neither saved again nor deleted."""

    objects = ImmutableQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Immutable


class PrintedAsset(ImmutableModel):
    """A logo or photo as it is printed, under the hash of its bytes. Nothing printed is ever lost."""

    sha256 = models.CharField(max_length=64, unique=True)
    media_type = models.CharField(max_length=40)
    content = models.BinaryField()


class Template(PreviewableMixin, models.Model):
    """The authors' copy for one organiser and kind. Nothing here is printed before `template_versions.publish`."""

    class SignsAs(models.TextChoices):
        SELF = "", _("in the own office")
        ACTING = "Plt.", _("Plt. (acting)")
        DAILY = "Plh.", _("Plh. (acting for some days)")
        ON_BEHALF = "a.n.", _("a.n. (on behalf of somebody)")

    organiser = models.ForeignKey(
        Organiser, on_delete=models.PROTECT, related_name="certificate_templates", verbose_name=_("organiser")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Completion.Outcome, default=PASSED)
    title = models.CharField(_("title"), max_length=80, help_text=_("Such as “Surat Tanda Tamat Pelatihan”."))
    opening = models.TextField(
        _("opening"), max_length=400, help_text=_("Stands above the name. A line break stays a line break.")
    )
    outcome = models.CharField(_("outcome, printed large"), max_length=30)
    lead_in = models.CharField(_("words before the title of the course"), max_length=60, blank=True)
    details = models.TextField(_("text below the title of the course"), max_length=600,
        help_text=_("Must hold {jp}, {jp_terbilang} and {tanggal}."),
    )  # fmt: skip
    logo = models.ForeignKey(
        get_image_model_string(), on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("logo on the left"),
    )  # fmt: skip
    logo_alt = models.CharField(
        _("what the left logo is"),
        max_length=120,
        blank=True,
        help_text=_("Read out to those who cannot see it; empty: the organiser's name."),
    )
    second_logo = models.ForeignKey(
        get_image_model_string(), on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("logo on the right"),
    )  # fmt: skip
    second_logo_alt = models.CharField(_("what the right logo is"), max_length=120, blank=True)
    signatory = models.CharField(_("signatory"), max_length=200)
    signatory_nip = models.CharField(_("signatory's NIP"), max_length=18, blank=True)
    signatory_position = models.CharField(_("signatory's position"), max_length=200)
    signs_as = models.CharField(
        _("standing of the signatory: own office / Plt. / Plh. / a.n."),
        max_length=4,
        choices=SignsAs,
        default=SignsAs.SELF,
        blank=True,
    )
    on_behalf_of = models.CharField(
        _("on behalf of"),
        max_length=120,
        blank=True,
        help_text=_("Only with a.n.: who is represented, without “a.n.”."),
    )
    place = models.CharField(_("place of issue"), max_length=80)
    number_format = models.CharField(_("number format"), max_length=80,
        help_text=_("Such as {urut:04}/{kode}/{bulan_romawi}/{tahun}. Must hold {urut} and {tahun}."),
    )  # fmt: skip
    print_photo = models.BooleanField(_("print the photo"), default=False)
    print_birth = models.BooleanField(_("print place and date of birth"), default=False)

    base_form_class = TemplateForm

    panels = [
        FieldRowPanel([FieldPanel("organiser"), FieldPanel("kind")]),
        HelpPanel(template="certificates/cms/placeholders.html", heading=_("Placeholders")),
        MultiFieldPanel(
            [
                FieldPanel("title"),
                FieldPanel("opening"),
                FieldRowPanel([FieldPanel("outcome"), FieldPanel("lead_in")]),
                FieldPanel("details"),
                FieldPanel("number_format"),
            ],
            heading=_("Words"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("signatory"), FieldPanel("signatory_nip")]),
                FieldPanel("signatory_position"),
                FieldRowPanel([FieldPanel("signs_as"), FieldPanel("on_behalf_of")]),
                FieldPanel("place"),
            ],
            heading=_("Signatory"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("logo"), FieldPanel("logo_alt")]),
                FieldRowPanel([FieldPanel("second_logo"), FieldPanel("second_logo_alt")]),
            ],
            heading=_("Logos"),
        ),
        MultiFieldPanel(
            [FieldPanel("print_photo"), FieldPanel("print_birth")],
            heading=_("Personal data"),
            help_text=_(
                "Off unless a rule demands it. Printed only of those who gave it, and never shown by the public check."
            ),
        ),
    ]

    class Meta:
        verbose_name = _("certificate template")
        verbose_name_plural = _("certificate templates")
        constraints = [
            models.UniqueConstraint(
                fields=["organiser", "kind"],
                name="template_once_per_kind",
                violation_error_message=_("This organiser has a template of that kind already; open that one."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organiser}: {self.get_kind_display()}"

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        return [
            ("biasa", gettext("Usual data")),
            ("terpanjang", gettext("The longest data")),
            ("terpendek", gettext("The shortest data")),
        ]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from certificates.template_preview import preview  # draws, and knows this model

        return preview(self, request, mode_name)

    def take_from(self, organiser: Organiser) -> None:
        """The words and names of an organiser that never wrote a template: what its columns say."""
        words = default_words.WORDS[Completion.Outcome(self.kind)]
        self.title, self.outcome, self.lead_in = words.title, words.outcome, words.lead_in
        self.opening, self.details = words.opening, words.details
        self.signatory, self.signatory_nip = organiser.signatory_name, organiser.signatory_nip
        self.signatory_position, self.place = organiser.signatory_position, organiser.city
        self.number_format = number_formats.in_indonesian(organiser.number_format)

    def clean(self) -> None:
        found: dict[str, list[str]] = {}
        if self.number_format and (problems := number_formats.problems(self.number_format)):
            found["number_format"] = problems
        known = [name for name in placeholders.KNOWN if self.kind == PASSED or name not in placeholders.OF_PASSING]
        if problems := placeholders.problems(self.opening or "", known=known):
            found["opening"] = problems
        mandatory = ("jp", "jp_terbilang", "tanggal")
        if self.details and (problems := placeholders.problems(self.details, known=known, mandatory=mandatory)):
            found["details"] = problems
        if self.signs_as == self.SignsAs.ON_BEHALF and not self.on_behalf_of:
            found["on_behalf_of"] = [str(_("Say on whose behalf, such as “Gubernur Nusa Tenggara Timur”."))]
        if self.signs_as != self.SignsAs.ON_BEHALF and self.on_behalf_of:
            found["on_behalf_of"] = [str(_("Only with a.n. somebody signs on behalf of another."))]
        if found:
            raise ValidationError(found)


class TemplateVersion(ImmutableModel):
    """What was published: everything a certificate takes from its template, and what each check found.

    `published_by` is empty for a version that was made from the organiser's columns, since nobody wrote a template.
    """

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    checks = models.JSONField(default=list)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_number_once")]

    def __str__(self) -> str:
        return str(self.content["name"])
