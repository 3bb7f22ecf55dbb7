"""Addresses of quality, below /pengelola/. The addresses of a table's files differ in one word only."""

from django.urls import path

import academy.reports.urls  # noqa: F401  registers the file formats
from academy.reports.quality import views

urlpatterns = [
    path("pelatihan/", views.courses, name="quality_courses"),
    path("pelatihan.<file_format:word>", views.courses_file, name="quality_courses_file"),
    path("pelatihan/<slug:course_key>/mutu/", views.course, name="quality_course"),
    *(
        path(
            f"pelatihan/<slug:course_key>/mutu/{name}.<file_format:word>",
            views.course_file,
            {"name": name},
            name=f"quality_{name}_file",
        )
        for name in views.TABLES
    ),
]
