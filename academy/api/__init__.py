"""The HTTP API and the probes: schemas and thin endpoints."""
