"""What reports add to the CMS: the way to the quality of the own courses."""

from __future__ import annotations

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from courses.desk_menu import MenuItemOf
from courses.trainers import WRITERS


def quality_in_the_menu() -> MenuItem:
    label, address = gettext_lazy("Quality of courses"), reverse_lazy("quality_courses")
    return MenuItemOf(label, address, kinds=WRITERS, name="course-quality", icon_name="order", order=252)


hooks.register("register_admin_menu_item", quality_in_the_menu)
