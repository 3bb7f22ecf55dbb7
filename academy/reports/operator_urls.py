"""The addresses of this room below /pengelola/: whether the stored numbers agree."""

from django.urls import path

from academy.reports import number_views

urlpatterns = [
    path("angka/", number_views.numbers, name="operator_numbers"),
    path("angka/periksa/", number_views.check, name="operator_numbers_check"),
    path("angka/<int:recount>/", number_views.recount, name="operator_numbers_run"),
]
