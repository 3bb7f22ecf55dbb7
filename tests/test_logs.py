"""Logs carry no NIP, code or key, whoever writes them."""

import logging

import pytest

from academy.logs import HideSecrets


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
    record = logging.LogRecord("x", logging.INFO, "x", 1, message, arguments, None)
    HideSecrets().filter(record)
    assert secret not in record.getMessage()


@pytest.mark.parametrize("message", ["Issued 12 certificates", "succeeded in 0.018461633000697475s", "/V/ is short"])
def test_other_lines_stay_as_they_are(message):
    record = logging.LogRecord("x", logging.INFO, "x", 1, message, (), None)
    HideSecrets().filter(record)
    assert record.getMessage() == message
