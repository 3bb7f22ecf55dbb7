"""How well a course works: every number worked out by hand (see quality_world.py), on the page and in the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from academy.people.models import AccessLog, Role
from academy.reports import reading
from academy.reports.files import FORMATS
from courses.models import EditionActivity, Enrolment, QuestionVersion
from tests.factories import CourseFactory, PersonFactory, RunFactory, make_edition, make_enrolment
from tests.reports.quality_world import QualityWorld, make_quality_world, officer, tell
from tests.reports.world import READERS, as_text, content, page_table, soup
from tests.test_bad_input import ODD_VALUES

LIST = "/pengelola/pelatihan/"
FUNNEL, SCORES, ATTEMPTS, QUESTIONS = range(4)
TABLES = {"alur": FUNNEL, "nilai": SCORES, "percobaan": ATTEMPTS, "soal": QUESTIONS}
MOST_QUERIES = 12


@pytest.fixture
def world(db: None) -> QualityWorld:
    return make_quality_world()


@pytest.fixture
def organiser(world: QualityWorld, client: Client) -> Client:
    client.force_login(world.organiser)
    return client


def address(world: QualityWorld, name: str = "", filters: Mapping[str, Any] | None = None, **more: Any) -> str:
    path = f"{LIST}{world.course.key}/mutu/{name}"
    chosen = {**(filters or {}), **more}
    return f"{path}?{urlencode(chosen)}" if chosen else path


def figures(response: Any) -> dict[str, str]:
    return {
        item.select_one(".figures-row__label").get_text(strip=True): item.select_one(".figures-row__value").get_text(
            strip=True
        )
        for item in soup(response).select(".figures-row li")
    }


def text(response: Any) -> str:
    return str(soup(response).main.get_text(" ", strip=True))


def test_the_funnel_counts_people_at_each_step(world: QualityWorld, organiser: Client):
    funnel = page_table(organiser.get(address(world)), FUNNEL)
    assert funnel.rows == [
        # step, people, of those enrolled, stopped before it, of the step before
        ["Terdaftar", "10", "100,0%", "–", "–"],
        ["Sudah mulai", "8", "80,0%", "2", "20,0%"],
        ["1.1 Materi 1", "8", "80,0%", "0", "0,0%"],
        ["1.2 Materi 2", "7", "70,0%", "1", "12,5%"],
        ["Mencoba tes akhir", "6", "60,0%", "1", "14,3%"],
        ["Lulus: 1.3 Tes akhir", "4", "40,0%", "2", "33,3%"],
        ["Selesai", "4", "40,0%", "0", "0,0%"],
        ["Bersertifikat", "3", "30,0%", "1", "25,0%"],
    ]
    assert funnel.totals == []


def test_the_biggest_drop_is_named_in_words(world: QualityWorld, organiser: Client):
    response = organiser.get(address(world))
    assert soup(response).select_one("#headline").get_text(strip=True) == (
        "Paling banyak berhenti antara “Terdaftar” dan “Sudah mulai”: 2 dari 10 orang yang sampai di situ (20,0%)."
    )
    for _each in range(2):  # two more who never pass
        tell(world.edition, 2, [(50, 5)], "")
    assert "antara “Mencoba tes akhir” dan “Lulus: 1.3 Tes akhir”: 4 dari 8 orang yang sampai di situ (50,0%)" in text(
        organiser.get(address(world))
    )


def test_scores_are_the_best_of_each_person(world: QualityWorld, organiser: Client):
    response = organiser.get(address(world))
    scores = page_table(response, SCORES)
    assert [row[1] for row in scores.rows] == ["0", "0", "1", "0", "0", "1", "0", "2", "0", "2"]
    assert scores.rows[7] == ["70 sampai di bawah 80", "2", "33,3%"]
    assert scores.rows[9] == ["90 sampai 100", "2", "33,3%"]
    assert scores.totals == ["Jumlah", "6", ""]
    assert figures(response) == {
        "Terdaftar": "10",
        "Selesai": "40,0%",
        "Nilai tengah (median)": "75",  # 25 50 75 75 100 100
        "Langsung lulus": "33,3%",  # numbers 1 and 2 of six
        "Lama satu percobaan": "14 menit",  # 8 10 10 12 14 16 18 20 30
    }
    assert "batas lulus 70" in text(response)
    assert "1 orang lagi mengundurkan diri" in text(response)


def test_attempts_are_counted_until_the_first_that_passed(world: QualityWorld, organiser: Client):
    attempts = page_table(organiser.get(address(world)), ATTEMPTS)
    assert attempts.rows == [
        ["Lulus pada percobaan ke-1", "2", "33,3%"],
        ["Lulus pada percobaan ke-2", "1", "16,7%"],
        ["Lulus pada percobaan ke-3", "1", "16,7%"],
        ["Belum lulus", "2", "33,3%"],
    ]
    assert attempts.totals == ["Jumlah", "6", ""]


def test_questions_show_how_often_they_were_answered_right_and_the_wrong_option_chosen_most(
    world: QualityWorld, organiser: Client
):
    questions = page_table(organiser.get(address(world)), QUESTIONS)
    too_early = "Jawaban belum cukup untuk daya beda"
    assert questions.rows == [  # the hardest first; nine attempts, one with a blank
        ["Soal 3?", "1.3", "8", "25,0%", "–", "Pilihan c", "75,0%", too_early],
        ["Soal 2?", "1.3", "9", "44,4%", "–", "Pilihan b", "55,6%", too_early],
        ["Soal 1?", "1.3", "9", "77,8%", "–", "Pilihan b", "22,2%", too_early],
        ["Soal 0?", "1.3", "9", "100,0%", "–", "", "–", too_early],
    ]


def test_from_thirty_answers_on_a_question_has_a_discrimination(world: QualityWorld, organiser: Client):
    """21 more attempts of 25 make 30. Question 1 is right in 7 of them.

    Over the other three questions (33⅓ each), right: 100, 66⅔, 66⅔, 33⅓, 33⅓, 100, 33⅓, wrong: 33⅓ in all 23.
    In thirds of 100: mean of the right ones 13/7, of the others 1, of all 36/30; mean square (29 + 23)/30, less 1.44
    is 0.29333. (13/7 - 1) / √0.29333 · √(7/30 · 23/30) = 0.857143 / 0.541603 · 0.422953 = 0.669.
    """
    for _each in range(21):
        tell(world.edition, 2, [(25, 5)], "")
    rows = {row[0]: row for row in page_table(organiser.get(address(world)), QUESTIONS).rows}
    assert rows["Soal 1?"][2:5] == ["30", "23,3%", "0,67"]
    assert rows["Soal 1?"][7] == "Sukar: sedikit yang tahu"
    assert rows["Soal 0?"][4] == "–"  # everybody is right: it tells nobody apart
    assert rows["Soal 0?"][7] == "Sangat mudah: hampir semua tahu"


@pytest.mark.parametrize("name", TABLES)
def test_files_hold_what_the_page_shows(world: QualityWorld, organiser: Client, name: str):
    on_page = page_table(organiser.get(address(world)), TABLES[name])
    found = {}
    for word in FORMATS:
        response = organiser.get(address(world, f"{name}.{word}"))
        assert response.status_code == 200
        found[word] = READERS[word](content(response))
    for sheet in found.values():
        assert sheet.headings == on_page.headings
        assert [[as_text(value) for value in row] for row in sheet.rows] == [
            [as_text(_number(value)) for value in row] for row in on_page.rows
        ]


def _number(shown: str) -> str:
    """As a file has it: 33.3 for 33,3%, and nothing for a dash."""
    bare = shown.removesuffix("%").replace(",", ".")
    if bare == "–":
        return ""
    return bare if bare.replace(".", "", 1).isdigit() else shown


def test_a_file_is_logged_for_whoever_is_over_the_organisers_unit(world: QualityWorld, organiser: Client):
    response = organiser.get(address(world, "alur.csv", tahun=2026))
    content(response)
    entry = AccessLog.objects.get(action=AccessLog.Action.REPORT_FILE)
    assert entry.person == world.organiser
    assert list(entry.units.all()) == [world.course.organiser.unit]
    expected = {"report": "mutu-alur", "format": "csv", "rows": 8, "pelatihan": world.course.key, "tahun": "2026"}
    assert entry.detail == expected | {"sha256": response["X-Report-SHA256"]}
    assert "mutu-alur-2026" in response["Content-Disposition"]


def test_nobody_is_named(world: QualityWorld, organiser: Client):
    sent = organiser.get(address(world)).content.decode()
    sent += "".join(content(organiser.get(address(world, f"{name}.csv"))).decode() for name in TABLES)
    for enrolment in world.enrolments.values():
        assert enrolment.person.name not in sent
        assert str(enrolment.person.nip) not in sent


def test_fewer_than_five_people_are_not_taken_apart(world: QualityWorld, organiser: Client):
    Enrolment.objects.exclude(pk__in=[world.enrolments[number].pk for number in (1, 2, 5, 9, 11)]).update(
        withdrawn_at=world.enrolments[11].withdrawn_at
    )
    response = organiser.get(address(world))
    assert response.status_code == 200
    assert "Kurang dari 5 orang" in text(response)
    assert not soup(response).select("main table, main svg.chart, .figures-row")
    for name in TABLES:
        refusal = organiser.get(address(world, f"{name}.csv"))
        assert refusal.status_code == 400
        assert "tidak dirinci" in text(refusal)
    assert not AccessLog.objects.exists()
    assert page_table(organiser.get(LIST)).rows == [[world.course.title, "4", "–", "–", "–"]]


def test_fewer_than_five_who_tried_are_not_taken_apart(world: QualityWorld, organiser: Client):
    for number in (1, 2):
        Enrolment.objects.filter(pk=world.enrolments[number].pk).update(withdrawn_at=world.enrolments[11].withdrawn_at)
    response = organiser.get(address(world))
    tables = soup(response).select("main section.card")
    assert [bool(table.select("table")) for table in tables] == [True, False, False, True]
    assert figures(response)["Nilai tengah (median)"] == "–"
    assert figures(response)["Langsung lulus"] == "–"
    for name in ("nilai", "percobaan"):
        assert READERS["csv"](content(organiser.get(address(world, f"{name}.csv")))).rows == []


def test_a_question_with_fewer_than_five_answers_tells_nothing(world: QualityWorld, organiser: Client):
    for number in (2, 3, 4):  # three attempts are left: of 1, 5 and 6, one of them with a blank
        Enrolment.objects.filter(pk=world.enrolments[number].pk).update(withdrawn_at=world.enrolments[11].withdrawn_at)
    rows = page_table(organiser.get(address(world)), position=-1).rows
    assert [row[2:] for row in rows] == [["–", "–", "–", "", "–", "Kurang dari 5 jawaban"]] * 4


def test_filters_choose_the_year_the_run_and_the_edition(world: QualityWorld, organiser: Client):
    dated = RunFactory(course=world.course, year=2025, number=1, opens_on=date(2025, 1, 1), closes_on=date(2025, 6, 1))
    for _each in range(6):
        tell(world.edition, 1, [], "", run=dated)

    def enrolled(**filters: Any) -> str:
        return str(page_table(organiser.get(address(world, filters=filters)), FUNNEL).rows[0][1])

    assert enrolled() == "10"  # the newest year
    assert enrolled(tahun="") == "16"
    assert enrolled(tahun=2025) == "6"
    assert enrolled(angkatan=dated.pk) == "6"
    assert enrolled(angkatan=dated.pk, tahun=2026) == "6"  # a run decides about its year
    assert enrolled(edisi=world.edition.pk, tahun="") == "16"


def test_the_activities_are_those_of_the_newest_edition_or_of_the_chosen_one(world: QualityWorld, organiser: Client):
    newer = make_edition(world.course, lessons=1, questions=0, major=2, sequential=False)
    EditionActivity.objects.filter(edition=newer).update(
        title="Materi baru", activity=world.edition.activities.get(position=2).activity
    )
    response = organiser.get(address(world))
    steps = [row[:2] for row in page_table(response, FUNNEL).rows]
    # What has the same key is the same activity, whatever it is called; the test is in no step of the newer edition.
    assert steps == [
        *(["Terdaftar", "10"], ["Sudah mulai", "8"], ["1.1 Materi baru", "7"]),
        *(["Selesai", "4"], ["Bersertifikat", "3"]),
    ]
    assert "10 peserta mengikuti edisi lain" in text(response)
    assert "urutan bebas" in text(response)
    chosen = organiser.get(address(world, edisi=world.edition.pk))
    assert len(page_table(chosen, FUNNEL).rows) == 8
    assert "mengikuti edisi lain" not in text(chosen)
    assert "Kurang dari 5 orang" in text(organiser.get(address(world, edisi=newer.pk)))


def test_a_course_without_an_edition_or_a_run_is_an_empty_page(world: QualityWorld, organiser: Client):
    bare = CourseFactory(organiser=world.course.organiser)
    response = organiser.get(f"{LIST}{bare.key}/mutu/")
    assert response.status_code == 200
    assert "belum memiliki edisi" in text(response)


def test_the_list_shows_the_own_courses_only(world: QualityWorld, organiser: Client):
    make_enrolment(edition=make_edition())  # of another organiser
    response = organiser.get(LIST)
    assert page_table(response).rows == [[world.course.title, "10", "80,0%", "40,0%", "30,0%"]]
    assert soup(response).select_one(f'a[href="{address(world, tahun=2026)}"]')
    for word in FORMATS:
        sheet = READERS[word](content(organiser.get(f"{LIST.rstrip('/')}.{word}?tahun=2026")))
        assert [[as_text(value) for value in row] for row in sheet.rows] == [
            [world.course.title, "10", "80", "40", "30"]
        ]
    assert page_table(organiser.get(f"{LIST}?tahun=2019")).rows == page_table(response).rows
    assert "Tidak ada angkatan pada tahun itu" in text(organiser.get(f"{LIST}?tahun=2019"))
    assert organiser.get(f"{LIST.rstrip('/')}.csv?tahun=2019").status_code == 400


def every_address(world: QualityWorld) -> list[str]:
    return [address(world), *(address(world, f"{name}.{word}") for name in TABLES for word in FORMATS)]


def test_courses_of_others_do_not_exist(world: QualityWorld, client: Client):
    client.force_login(officer(Role.Kind.ORGANISER, PersonFactory().unit))
    for each in every_address(world):
        answer = client.get(each)
        assert answer.status_code == 404
        assert text(answer) == text(client.get(each.replace(world.course.key, "tidak-ada")))
    assert world.course.title not in text(client.get(LIST))


def test_trainers_see_it_and_nobody_else(world: QualityWorld, client: Client):
    client.force_login(world.trainer)
    assert client.get(address(world)).status_code == 200
    assert soup(client.get(reverse("wagtailadmin_home"))).select_one(f'a[href="{LIST}"]') or LIST.encode() in (
        client.get(reverse("wagtailadmin_home")).content
    )
    Role.objects.filter(person=world.trainer).update(until_at=world.enrolments[1].enrolled_at)
    assert client.get(address(world)).status_code == 403
    client.force_login(world.enrolments[1].person)
    assert {client.get(each).status_code for each in every_address(world)} == {403}


def test_odd_filters_are_told_on_the_page_and_refused_for_a_file(world: QualityWorld, organiser: Client):
    for name in ("tahun", "edisi", "angkatan"):
        for odd in ODD_VALUES:
            if odd in {"", " "}:
                continue
            page = organiser.get(address(world, filters={name: odd}))
            assert page.status_code == 200
            assert soup(page).select(".notice--warn"), (name, odd)
            assert organiser.get(address(world, "alur.csv", {name: odd})).status_code == 400
    foreign = make_enrolment(edition=make_edition())
    for name, key in (("edisi", foreign.edition_id), ("angkatan", foreign.run_id)):
        assert soup(organiser.get(address(world, filters={name: key}))).select(".notice--warn")
    for odd in ODD_VALUES:
        assert organiser.get(address(world, page=odd)).status_code == 200
        assert organiser.get(f"{LIST}?{urlencode({'tahun': odd, 'page': odd})}").status_code == 200


def test_more_people_cost_no_more_queries(world: QualityWorld, organiser: Client):
    organiser.get(address(world))  # fills what is kept between requests
    for _each in range(3):
        tell(world.edition, 2, [(50, 5), (75, 5)], "finished")
    with CaptureQueriesContext(connection) as captured:
        organiser.get(address(world))
    assert len(captured) <= MOST_QUERIES, [query["sql"][:90] for query in captured]


def test_what_takes_too_long_is_given_up(world: QualityWorld, organiser: Client, monkeypatch: pytest.MonkeyPatch):
    def too_long(_selection: Any) -> None:
        raise reading.TooLong

    monkeypatch.setattr("academy.reports.quality.counting.reached", too_long)
    for each in (address(world), address(world, "soal.xlsx")):
        response = organiser.get(each)
        assert response.status_code == 422
        assert "pilih satu tahun atau satu angkatan" in text(response)


def test_charts_stand_beside_their_tables(world: QualityWorld, organiser: Client):
    page = soup(organiser.get(address(world)))
    for chart in page.select("svg.chart"):
        assert chart["role"] == "img"
        titles = [page.find(id=key) for key in chart["aria-labelledby"].split()]
        assert [each.name for each in titles] == ["title", "desc"]
        assert chart.find_parent("section").select("table")
    funnel, scores = page.select("svg.chart")
    assert [bar["width"] for bar in funnel.select(".chart__bar")] == [
        *("100.00%", "80.00%", "80.00%", "70.00%", "60.00%", "40.00%", "40.00%", "30.00%"),
    ]
    quiet = [bool("chart__bar--quiet" in bar["class"]) for bar in scores.select(".chart__bar")]
    assert quiet == [True] * 7 + [False] * 3  # below the pass mark of 70
    assert scores.select_one(".chart__mark")["x1"] == "70.00%"


def test_what_authors_wrote_is_text_on_the_page_and_in_files(world: QualityWorld, organiser: Client):
    EditionActivity.objects.filter(edition=world.edition).update(title="<script>alert(1)</script>")
    QuestionVersion.objects.update(text='=HYPERLINK("http://x.test")<img src=x onerror=alert(1)>')
    page = organiser.get(address(world)).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    lines = READERS["csv"](content(organiser.get(address(world, "soal.csv")))).rows
    assert {row[0][:2] for row in lines} == {"'="}


def test_a_document_that_would_be_too_long_is_refused(
    world: QualityWorld, organiser: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(FORMATS, "pdf", replace(FORMATS["pdf"], most_lines=1))
    response = organiser.get(address(world, "alur.pdf"))
    assert response.status_code == 422
    assert "paling banyak 1 baris" in text(response)
