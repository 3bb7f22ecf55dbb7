"""The main job over real HTTP: learn, pass, be certified, be verified by a stranger, be counted by HR."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import openpyxl
import pytest

from tests.end_to_end import learning
from tests.end_to_end.stack import Stack
from tests.end_to_end.visitor import Answer, Visitor

pytestmark = pytest.mark.end_to_end

CERTIFIED_WITHIN_SECONDS = 60


def test_learner_passes_and_everybody_can_see_it(academy: Stack, tmp_path: Path):
    learner = academy.ask("make_people", prefix="utama")[0]
    visitor = Visitor(academy.base_url)
    visitor.sign_in(learner["email"], learner["password"])
    enrolment, _answer = learning.enrol(visitor)
    test_path, lessons = learning.do_lessons(academy, visitor, enrolment)
    review = learning.answer_all(academy, visitor, learning.start_test(visitor, test_path), email=learner["email"])
    result = learning.send(visitor, review)
    assert "Lulus" in result.page.text

    pdf = wait_for_certificate(visitor)
    facts = academy.ask("facts", email=learner["email"])
    assert (facts["progress"], facts["submitted"], facts["completions"]) == (lessons + 1, 1, 1)
    [certificate] = facts["certificates"]
    title = academy.ask("course_title", key=learning.COURSE)
    address = check_pdf(pdf.body, certificate, learner, title, tmp_path)
    assert urlsplit(address).netloc.lower() == urlsplit(academy.base_url).netloc
    check_as_stranger(academy, urlsplit(address).path, certificate, learner, title)
    check_as_hr(academy, learner)


def wait_for_certificate(visitor: Visitor) -> Answer:
    """The PDF behind /sertifikat/, as soon as the worker has published it."""
    deadline = time.monotonic() + CERTIFIED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        found = [link.url for link in visitor.get("/sertifikat/").page.links if ".pdf" in link.url]
        if found:
            answer = visitor.get(found[0])
            assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
            return answer
        time.sleep(0.3)
    raise AssertionError(f"no certificate within {CERTIFIED_WITHIN_SECONDS} seconds")


def check_pdf(pdf: bytes, certificate: dict[str, str], learner: dict[str, str], title: str, folder: Path) -> str:
    """Name, course and number stand on the sheet; the address that its QR code holds is returned."""
    (folder / "sheet.pdf").write_bytes(pdf)
    text = run("pdftotext", "-layout", "sheet.pdf", "-", folder=folder)
    words = " ".join(text.split())
    for fact in (learner["name"], title, certificate["number"]):
        assert fact in words, f"{fact!r} is not in {words}"
    run("pdftoppm", "-r", "150", "-png", "-singlefile", "sheet.pdf", "sheet", folder=folder)
    address = run("zbarimg", "--quiet", "--raw", "sheet.png", folder=folder).strip()
    assert address.upper().endswith(f"/V/{certificate['code']}")
    return address


def run(*command: str, folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def check_as_stranger(
    academy: Stack, path: str, certificate: dict[str, str], learner: dict[str, str], title: str
) -> None:
    answer = Visitor(academy.base_url).get(path)
    assert answer.status == 200
    words = answer.page.text
    for fact in (learner["name"], title, certificate["number"], learner["nip"][-4:]):
        assert fact in words
    assert learner["nip"] not in re.sub(r"\s", "", words)
    api = Visitor(academy.base_url).get(f"/api/v1/verifikasi/{certificate['code']}").json()
    assert api["verdict"] == "genuine"
    assert api["certificate"]["number"] == certificate["number"]
    assert api["certificate"]["name"] == learner["name"]


def check_as_hr(academy: Stack, learner: dict[str, str]) -> None:
    """The officer of the agency finds the line on the page and in every file; one of another agency in none."""
    own = academy.ask("make_hr", prefix="hr.sendiri", agency="7701")
    other = academy.ask("make_hr", prefix="hr.lain", agency="7702")
    for officer, sees in ((own, True), (other, False)):
        visitor = Visitor(academy.base_url)
        visitor.sign_in(officer["email"], officer["password"], then="/laporan/")
        lists = people_lists(visitor)
        assert lists, "/laporan/ links to no list of people"
        found = [files_with(visitor, searched(visitor, page, learner["nip"]), learner["nip"]) for page in lists]
        assert any(found) is sees, f"{officer['email']}: {found}"
        if sees:
            assert {"page", "csv", "xlsx", "json"} in found, found


def people_lists(visitor: Visitor) -> list[Answer]:
    """The pages below /laporan/ that show people, each once, however it is filtered: they have a column for the NIP."""
    seen, queue, lists = set[str](), ["/laporan/"], []
    while queue:
        address = queue.pop(0)
        path = urlsplit(address).path
        if path in seen:
            continue
        seen.add(path)
        answer = visitor.get(address)
        assert answer.status == 200, f"{address}: {answer.status}"
        if "text/html" not in answer.headers["Content-Type"]:
            continue
        if re.search(r"<th[^>]*>\s*NIP\s*<", answer.html):
            lists.append(answer)
        queue += [
            link.url
            for link in answer.page.links
            if link.url.startswith("/laporan/") and not re.search(r"\b(csv|xlsx|json|pdf)\b", link.url)
        ]
    return lists


def searched(visitor: Visitor, page: Answer, nip: str) -> Answer:
    """The list cut down to the person, who may stand on any page of it.

    Pages and files repeat what was searched for, so it is not the whole number: that stands in a line only.
    """
    return visitor.get(f"{page.path}?q={nip[:-1]}") if 'name="q"' in page.html else page


def files_with(visitor: Visitor, page: Answer, nip: str) -> set[str]:
    """In which forms of one list the number stands, as text: the page itself, csv, xlsx, json."""
    found = {"page"} if nip in re.sub(r"[ \u00a0]", "", page.page.text) else set()
    links = [link.url for link in page.page.links]
    for kind, reader in (("csv", csv_cells), ("xlsx", xlsx_cells), ("json", json_cells)):
        [url] = {link for link in links if re.search(rf"\b{kind}\b", link)}
        if nip in reader(visitor.get(url).body):
            found.add(kind)
    return found


def csv_cells(content: bytes) -> set[str]:
    text = content.decode("utf-8-sig")
    dialect = csv.Sniffer().sniff(text.splitlines()[-1], delimiters=";,")
    # Spreadsheets keep the digits only of a number that is marked as text.
    return {re.sub(r'^(=?"|\')|"$', "", cell) for row in csv.reader(io.StringIO(text), dialect) for cell in row}


def xlsx_cells(content: bytes) -> set[str]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"], "a formula"
    return {cell.value for cell in cells if cell.data_type == "s"}


def json_cells(content: bytes) -> set[str]:
    """Every text value, however deep."""

    def walk(value: object) -> set[str]:
        if isinstance(value, dict):
            return set().union(*map(walk, value.values()))
        if isinstance(value, list):
            return set().union(*map(walk, value))
        return {value} if isinstance(value, str) else set()

    return walk(json.loads(content))
