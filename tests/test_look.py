"""What every page relies on: one fresh, small style sheet, and templates that the content policy lets through."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template, render_to_string

from academy import stylesheet

TEMPLATES = sorted(
    path
    for room in ("academy", "courses", "certificates")
    for path in (settings.BASE_DIR / room).rglob("templates/**/*.html")
)
PAGES = [path for path in TEMPLATES if "pdf" not in path.parts and "templates/wagtail" not in path.as_posix()]


def test_style_sheets_are_built_from_their_sources():
    assert stylesheet.TARGET.read_text(encoding="utf-8") == stylesheet.build()
    assert stylesheet.BLOCKS.read_text(encoding="utf-8") == stylesheet.build_blocks()


def test_style_sheet_is_small_enough_for_a_weak_line():
    raw = stylesheet.TARGET.read_bytes()
    assert len(raw) <= 40_000
    assert len(gzip.compress(raw)) <= 9_000
    assert stylesheet.BLOCKS.stat().st_size <= 6_000


def test_build_drops_comments_and_indentation():
    assert "/*" not in stylesheet.build()
    assert not re.search(r"^\s", stylesheet.build(), flags=re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_template_compiles_and_needs_no_inline_style_or_script(path: Path):
    get_template(path.as_posix().rsplit("/templates/", maxsplit=1)[1])
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", source)


def test_numbers_in_drawings_are_not_localised():
    html = render_to_string(
        "components/stacked_bar.html",
        {"parts": [{"kind": "done", "label": "Selesai", "count": "1.140", "share": 36.2}]},
    )
    assert 'width="36.2%"' in html


def test_error_page_needs_no_context():
    assert 'href="/bantuan/"' in render_to_string("500.html")
