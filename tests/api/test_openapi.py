from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_description_names_the_verification(client: Client):
    answer = client.get("/api/v1/openapi.json")
    description = answer.json()
    assert (answer.status_code, description["openapi"][:2]) == (200, "3.")
    operation = description["paths"]["/api/v1/verifikasi/{code}"]["get"]
    assert set(operation["responses"]) == {"200", "404", "429"}
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    shape = description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    assert shape["required"] == ["verdict", "checks", "certificate", "differences"]
