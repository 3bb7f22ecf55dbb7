"""Where the bars of a chart stand: worked out by hand."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from academy.pages import charts
from academy.pages.charts import Bar, Mark


def months() -> list[Bar]:
    return [Bar("Jan", 5, "5"), Bar("Feb", 0, "0"), Bar("Mar", 20, "20"), Bar("Apr", 10, "10")]


def test_columns_share_the_width_and_the_highest_fills_the_height():
    chart = charts.columns(months(), title="Selesai per bulan")
    assert [bar.x for bar in chart.bars] == ["2.50%", "27.50%", "52.50%", "77.50%"]  # a tenth of 25 on each side
    assert {bar.width for bar in chart.bars} == {"20.00%"}
    assert [bar.height for bar in chart.bars] == ["37.5", "0.0", "150.0", "75.0"]
    assert [bar.y for bar in chart.bars] == ["152.5", "190.0", "40.0", "115.0"]
    assert [bar.label for bar in chart.bars] == ["Jan", "Feb", "Mar", "Apr"]
    assert [bar.text for bar in chart.bars] == ["5", "", "20", "10"]  # nothing over a column that is not there


def test_edges_name_what_divides_the_bands():
    chart = charts.columns([Bar("0–50", 1, "1"), Bar("50–100", 3, "3")], title="Nilai", edges=["0", "50", "100"])
    assert [(word.x, word.text, word.anchor) for word in chart.words] == [
        ("0.00%", "0", "start"),
        ("50.00%", "50", "middle"),
        ("100.00%", "100", "end"),
    ]
    assert [bar.label for bar in chart.bars] == ["", ""]
    with pytest.raises(ValueError, match="one edge more"):
        charts.columns(months(), title="Nilai", edges=["0", "100"])


def test_a_mark_keeps_its_words_inside():
    left = charts.columns(months(), title="Nilai", mark=Mark(20, "batas"))
    right = charts.columns(months(), title="Nilai", mark=Mark(70, "batas"))
    assert (left.lines, left.words[0].anchor) == (("20.00%",), "start")
    assert (right.lines, right.words[0].anchor) == (("70.00%",), "end")


def test_rows_are_of_the_whole_or_of_the_largest():
    agencies = [Bar("Kab. Alor", 30, "30%"), Bar("Kab. Kupang", 60, "60%")]
    assert [bar.width for bar in charts.rows(agencies, title="Selesai", whole=100).bars] == ["30.00%", "60.00%"]
    assert [bar.width for bar in charts.rows(agencies, title="Selesai").bars] == ["50.00%", "100.00%"]
    assert [bar.y for bar in charts.rows(agencies, title="Selesai").bars] == ["20.0", "64.0"]


def test_a_long_label_is_shortened_and_told_whole_elsewhere():
    label = "Dinas Kependudukan dan Pencatatan Sipil Kabupaten Timor Tengah Selatan"
    chart = charts.rows([Bar(label, 3, "3")], title="Selesai")
    assert chart.bars[0].short == "Dinas Kependudukan dan Pe…"
    assert chart.bars[0].label == label
    assert charts.rows([Bar("Kab. Alor", 3, "3")], title="Selesai").bars[0].short == ""
    assert label in chart.description


@pytest.mark.parametrize("draw", [charts.columns, charts.rows])
def test_nothing_to_count_is_drawn_as_nothing(draw):
    assert draw([], title="Kosong").bars == ()
    empty = draw([Bar("Jan", 0, "0")], title="Kosong").bars[0]
    assert "0.0" in {empty.height, empty.width.removesuffix("0%")}


def test_lengths_are_no_local_numbers_and_words_are_escaped():
    chart = charts.rows([Bar("<b>&", 1, "1"), Bar("dua", 3, "3")], title="<script>")
    html = render_to_string("components/chart.html", {"chart": chart, "id": "grafik"})
    assert 'width="33.33%"' in html
    assert "&lt;b&gt;&amp;" in html
    assert "<script>" not in html
    assert 'role="img"' in html
    assert 'aria-labelledby="grafik-title grafik-desc"' in html
