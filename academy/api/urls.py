"""The HTTP API, version 1; its description is at /api/v1/openapi.json."""

from ninja import NinjaAPI

api = NinjaAPI(title="Akademi Digital ASN", version="1", docs_url=None, urls_namespace="api-v1")
