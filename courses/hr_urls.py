"""Addresses of this room for HR officers, below /kepegawaian/."""

from django.urls import path

from courses.views import assigning

urlpatterns = [
    path("penugasan/", assigning.assignments, name="assignments"),
    path("penugasan/baru/", assigning.new, name="assignment_new"),
    path("penugasan/<int:pk>/", assigning.assignment, name="assignment"),
    path("penugasan/<int:pk>/jalankan/", assigning.confirm, name="assignment_confirm"),
    path("penugasan/<int:pk>/buang/", assigning.discard, name="assignment_discard"),
    path("penugasan/<int:pk>/tarik/", assigning.take_back, name="assignment_take_back"),
]
