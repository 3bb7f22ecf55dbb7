"""Logs carry no NIP, code or key, whoever writes them."""

import logging
import sys

import pytest
from django.conf import settings

from academy.logs import HidingFormatter


def written(message: str, *arguments: object, exc_info=None) -> str:
    record = logging.LogRecord("x", logging.INFO, "x", 1, message, arguments, exc_info)
    return HidingFormatter("%(message)s").format(record)


@pytest.mark.parametrize(
    ("message", "arguments", "secret"),
    [
        ("Signed in %s", ("199407122020122003",), "199407122020122003"),
        ("Not Found: /V/7KQ4M2XD9TWRH3PB", (), "7KQ4M2XD9TWRH3PB"),
        ("GET /api/v1/verifikasi/7kq4-m2xd-9twr-h3pb", (), "7kq4-m2xd-9twr-h3pb"),
        ("GET /verifikasi/?kode=7KQ4 M2XD", (), "7KQ4"),
        ("GET /akun/kata-sandi/baru/2a-cx9k3f-abc/", (), "cx9k3f"),
    ],
)
def test_a_secret_is_hidden(message, arguments, secret):
    assert secret not in written(message, *arguments)


def test_a_secret_in_a_traceback_is_hidden():
    try:
        int("Key (nip)=(199407122020122003) already exists")
    except ValueError:
        text = written("Import failed", exc_info=sys.exc_info())
    assert "ValueError" in text
    assert "199407122020122003" not in text


@pytest.mark.parametrize("message", ["Issued 12 certificates", "succeeded in 0.018461633000697475s", "/V/ is short"])
def test_other_lines_stay_as_they_are(message):
    assert written(message) == message


def test_every_handler_writes_through_it():
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}
    assert settings.LOGGING["formatters"]["line"]["()"] == "academy.logs.HidingFormatter"
