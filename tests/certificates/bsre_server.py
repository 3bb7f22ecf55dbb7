"""A stand-in for BSrE's gateway: the version 2 addresses over real HTTP, their errors, and ways to misbehave."""

from __future__ import annotations

import base64
import io
import json
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner

from certificates.rendering import render_pdf
from tests.certificates.authorities import Holder, bag, below, root
from tests.certificates.test_rendering import LONG

USER, PASSWORD, SUBSCRIBER, FIRST_CODE = "akademi", "kata-sandi-aplikasi", "BPSDMD-01", "AKTIVASI-1"
NIK, PASSPHRASE = "5301010101800001", "Rahasia-Pejabat#2026"


class BsreServer:
    """Starts and stops; `mood` names what it does wrong, "" for nothing. `asked` tells what it was asked."""

    def __init__(self) -> None:
        self.root = root("BSrE Root (tiruan)")
        self.signer = below(self.root, "Segel BPSDMD (tiruan)")
        self.foreign = below(root("Root lain"), "Orang lain")
        self.mood = ""
        self.status = "ISSUE"
        self.activation = FIRST_CODE
        self.seal_codes: set[str] = set()
        self.sent_code = ""
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.slowness = 0.0
        self.activation_lasts = timedelta(hours=24)
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Again at the same port after a stop."""
        gateway = self

        class Handler(_Handler):
            bsre = gateway

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.asked.append((path, body))
        if self.mood == "500":
            return 500, {"error": "Internal Server Error", "status_code": 500}
        match path:
            case "/api/v2/seal/get/activation":
                return self._renew(body)
            case "/api/v2/seal/get/totp":
                return self._seal_code(body)
            case "/api/v2/seal/pdf":
                return self._seal(body)
            case "/api/v2/sign/pdf":
                return self._sign(body)
            case "/api/v2/sign/get/totp":
                self.sent_code = f"{secrets.randbelow(10**6):06d}"
                return 200, {"message": "TOTP telah dikirim", "status_code": 200}
            case "/api/v2/user/check/status":
                return 200, {"status_code": 1111, "status": self.status, "message": "…"}
        return 404, {"error": "Not Found"}

    def _renew(self, body: dict[str, Any]) -> tuple[int, Any]:
        if body.get("idSubscriber") != SUBSCRIBER or body.get("totp") != self.activation:
            return 400, {"error": "TOTP tidak valid", "status_code": 2041}
        self.activation = f"AKTIVASI-{secrets.token_hex(6)}"
        data = {"message": "ok", "totp": self.activation, "expires": _stamp(self.activation_lasts), "result": True}
        return 200, {"success": True, "message": None, "data": data}

    def _seal_code(self, body: dict[str, Any]) -> tuple[int, Any]:
        if body.get("idSubscriber") != SUBSCRIBER or body.get("totp") != self.activation:
            return 400, {"error": "TOTP tidak valid", "status_code": 2041}
        code = secrets.token_hex(6)
        self.seal_codes.add(code)
        return 200, {"message": "ok", "totp": code, "expires": _stamp(timedelta(minutes=5)), "result": True}

    def _seal(self, body: dict[str, Any]) -> tuple[int, Any]:
        if body.get("idSubscriber") != SUBSCRIBER or body.get("totp") not in self.seal_codes:
            return 400, {"error": "TOTP tidak valid", "status_code": 2041}
        self.seal_codes.discard(body["totp"])
        return self._signed(body)

    def _sign(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.mood == "not registered" or body.get("nik", NIK) != NIK:
            return 400, {"error": "User tidak terdaftar", "status_code": 2011}
        is_proven = body.get("passphrase") == PASSPHRASE or (self.sent_code and body.get("totp") == self.sent_code)
        if not is_proven:
            return 400, {"error": f"Passphrase anda salah: {body.get('passphrase')}", "status_code": 2031}
        return self._signed(body)

    def _signed(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.mood == "wrong passphrase":
            return 400, {"error": "Passphrase anda salah", "status_code": 2031}
        if self.mood == "not registered":
            return 400, {"error": "User tidak terdaftar", "status_code": 2011}
        if self.mood == "expired":
            return 400, {"error": "Sertifikat kedaluwarsa", "status_code": 2021}
        files = [base64.b64decode(one) for one in body["file"]]
        signed = [base64.b64encode(self._one(content)).decode() for content in files]
        match self.mood:
            case "missing":
                signed = signed[1:]
            case "other order":
                signed = signed[::-1]
            case "truncated":
                signed = [one[: len(one) // 2 + 1] for one in signed]
            case "huge":
                signed = [one * 20 for one in signed]
            case "no list":
                return 200, {"time": 1, "file": "x"}
            case "one bad":
                signed[0] = base64.b64encode(files[0]).decode()
        return 200, {"time": 120, "file": signed}

    def _one(self, content: bytes) -> bytes:
        match self.mood:
            case "another file":
                return sign(render_pdf(LONG), self.signer, self.root)
            case "unsigned":
                return content
            case "changed text":
                return sign(_with_text(content), self.signer, self.root)
            case "foreign key":
                return sign(content, self.foreign)
            case "altered after":
                return sign(content, self.signer, self.root) + b"\n% tambahan\n"
        return sign(content, self.signer, self.root)


class _Handler(BaseHTTPRequestHandler):
    bsre: BsreServer

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        time.sleep(self.bsre.slowness)
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.bsre.mood == "401" or self.headers.get("Authorization") != expected:
            self._send(401, {"error": "Unauthorized"})
        elif self.bsre.mood == "redirect":
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{self.bsre.port}/lain")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.bsre.mood == "a web page":
            self._send_bytes(200, b"<html>Selamat datang</html>")
        else:
            self._send(*self.bsre.answer(self.path, json.loads(sent)))

    def _send(self, status: int, body: Any) -> None:
        self._send_bytes(status, json.dumps(body).encode())

    def _send_bytes(self, status: int, content: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            """Whoever asked went away."""

    def log_message(self, *args: object) -> None:
        """Quiet."""


def sign(content: bytes, signer: Holder, *above: Holder) -> bytes:
    """An invisible signature in a revision of its own."""
    by = SimpleSigner(signing_cert=signer.asn1_certificate, signing_key=signer.asn1_key, cert_registry=bag(*above))
    meta = PdfSignatureMetadata(field_name="Signature1", subfilter=SigSeedSubFilter.PADES, reason="uji")
    target = io.BytesIO()
    PdfSigner(meta, by).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), output=target)
    return target.getvalue()


def _with_text(content: bytes) -> bytes:
    """One more line on page one, in a revision of its own."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    drawn = StreamObject(stream_data=b"q 0 0 0 rg 60 60 200 12 re f Q")
    writer.add_stream_to_page(0, writer.add_object(drawn))
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _stamp(ahead: timedelta) -> str:
    """As the gateway writes moments: 2026-09-18T06:51:16.407+0000."""
    moment = datetime.now(tz=UTC) + ahead
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"
