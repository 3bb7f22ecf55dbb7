"""The main job in a real browser on a phone, with scripts and without."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end import learning
from tests.end_to_end.browsing import choose, take_picture, window
from tests.end_to_end.stack import Stack

pytestmark = pytest.mark.end_to_end

CERTIFIED_WITHIN_SECONDS = 60


@pytest.mark.parametrize("scripts", [False, True], ids=["without-scripts", "with-scripts"])
def test_learner_passes_and_everybody_can_see_it(academy: Stack, browser: Browser, scripts: bool):
    name = "dengan" if scripts else "tanpa"
    learner = academy.ask("make_people", prefix=f"layar-{name}")[0]
    officer = academy.ask("make_hr", prefix=f"hr.layar.{name}", agency="7701")

    with window(browser, academy.base_url, scripts=scripts) as (page, watch):
        sign_in(page, learner)
        enrol(page, f"{name}-1")
        read_lessons(academy, page, f"{name}-2")
        pass_test(academy, page, learner, f"{name}-3")
        code = fetch_certificate(page, learner, f"{name}-4")
        watch.assert_quiet()
    with window(browser, academy.base_url, scripts=scripts) as (page, watch):
        verify(page, code, learner, f"{name}-5")
        watch.assert_quiet()
    with window(browser, academy.base_url, scripts=scripts) as (page, watch):
        sign_in(page, officer)
        find_in_report(page, learner, f"{name}-6")
        watch.assert_quiet()


def sign_in(page: Page, account: dict[str, Any]) -> None:
    page.goto("/masuk/")
    page.locator("input[name=login]").fill(account["email"])
    page.locator("input[name=password]").fill(account["password"])
    take_picture(page, "masuk")
    page.locator("main form button").last.click()
    expect(page).not_to_have_url(re.compile("/masuk/"))


def enrol(page: Page, picture: str) -> None:
    page.goto("/katalog/")
    take_picture(page, f"{picture}-katalog")
    page.locator(f"main a[href*='/katalog/{learning.COURSE}/']").first.click()
    take_picture(page, f"{picture}-pelatihan")
    page.locator("form[action*='/ikuti/'] button").first.click()
    expect(page).to_have_url(re.compile(r"/belajar/\d+/"))


def read_lessons(academy: Stack, page: Page, picture: str) -> None:
    """Go on by the button alone: what comes next is said by the academy."""
    enrolment = int(re.findall(r"/belajar/(\d+)/", page.url)[0])
    activities = academy.ask("activities", enrolment=enrolment)
    page.goto(learning.activity_path(enrolment, activities[0]))
    for number, activity in enumerate(activities, start=1):
        expect(page).to_have_url(re.compile(activity["activity"]))
        expect(page.locator("h1")).to_contain_text(activity["title"])
        take_picture(page, f"{picture}-{number:02}")
        if activity["kind"] == "lesson":
            page.locator(f"form[action*='{activity['activity']}'] button").last.click()


def pass_test(academy: Stack, page: Page, learner: dict[str, Any], picture: str) -> None:
    page.locator("main form[method=post] button").last.click()
    for field, options in learning.answer_fields(academy.ask("right_answers", email=learner["email"])).items():
        for option in options:
            choose(page, field, option)
    take_picture(page, f"{picture}-soal")
    page.locator("form[data-attempt] button").last.click()
    take_picture(page, f"{picture}-tinjau")
    page.get_by_role("button", name=re.compile("kirim", re.IGNORECASE)).click()
    expect(page.locator("main")).to_contain_text("Lulus")
    take_picture(page, f"{picture}-hasil")


def fetch_certificate(page: Page, learner: dict[str, Any], picture: str) -> str:
    """The code of the certificate, once its file can be had."""
    link = page.locator("main a[href*='.pdf']").first
    for _second in range(CERTIFIED_WITHIN_SECONDS):
        page.goto("/sertifikat/")
        if link.count():
            break
        page.wait_for_timeout(1000)
    take_picture(page, f"{picture}-sertifikat")
    address = link.get_attribute("href") or ""
    answer = page.context.request.get(address)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert learner["name"] in " ".join(pypdf.PdfReader(io.BytesIO(answer.body())).pages[0].extract_text().split())
    return address.rsplit("/", 1)[1].split(".")[0]


def verify(page: Page, code: str, learner: dict[str, Any], picture: str) -> None:
    page.goto("/verifikasi/")
    page.locator("main form input[type=text], main form input:not([type])").first.fill(code.lower())
    page.locator("main form button").first.click()
    expect(page.locator("main")).to_contain_text(learner["name"])
    take_picture(page, f"{picture}-verifikasi")


def find_in_report(page: Page, learner: dict[str, Any], picture: str) -> None:
    """From the overview to the list behind a figure, in which the learner's number is searched for and stands."""
    page.goto("/laporan/")
    take_picture(page, f"{picture}-laporan")
    page.locator("main table tfoot a[href^='/laporan/pegawai/']").first.click()
    page.locator("main summary").get_by_text("Saring").click()
    page.get_by_label("Nama atau NIP").fill(learner["nip"])
    page.get_by_role("button", name="Tampilkan").click()
    expect(page.locator("main table tbody tr")).to_have_count(1)
    expect(page.locator("main table")).to_contain_text(re.compile(r"\s*".join(learner["nip"])))
    take_picture(page, f"{picture}-daftar")
