"""Addresses of the operator's pages, below /pengelola/."""

from django.urls import path

from academy.people.views import logs, operator

urlpatterns = [
    path("", operator.start, name="operator"),
    path("instansi/", operator.agencies, name="operator_agencies"),
    path("instansi/baru/", operator.agency, name="operator_agency_new"),
    path("instansi/<int:pk>/", operator.agency, name="operator_agency"),
    path("kelompok/", operator.groups, name="operator_groups"),
    path("kelompok/baru/", operator.group, name="operator_group_new"),
    path("kelompok/<int:pk>/", operator.group, name="operator_group"),
    path("peran/", operator.roles, name="operator_roles"),
    path("peran/baru/", operator.grant, name="operator_grant"),
    path("peran/<int:pk>/akhiri/", operator.end, name="operator_end"),
    path("impor/", operator.imports, name="operator_imports"),
    path("catatan/", logs.changes, name="operator_changes"),
    path("catatan/akses/", logs.accesses, name="operator_accesses"),
]
