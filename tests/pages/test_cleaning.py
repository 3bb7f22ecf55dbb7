"""Stored markup and addresses are looked at again where they are shown."""

import json

import pytest
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter
from wagtail.rich_text import RichText

from academy.pages.templatetags.cleaning import web_address


@pytest.mark.parametrize(
    "html",
    [
        '<p>a <b>x</b> <i>y</i> <code>1 &lt; 2</code> &amp; <a href="https://example.go.id/?a=1&amp;b=2">l</a><br/>n</p>',
        '<h2>A</h2><h3>B</h3><ol start="3"><li>1</li></ol><ul><li>x<ul><li>y</li></ul></li></ul>',
        '<p><a href="mailto:a@example.go.id">surel</a> <a href="/bantuan/">bantuan</a></p>',
    ],
)
def test_rich_text_of_authors_stays_as_it_is(html):
    assert str(RichText(html)) == html


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p onclick=f()>a<script>f()</script></p>", "<p>af()</p>"),
        ("<p><img src=x onerror=f()>a<svg onload=f()><b style='x'>b</b></svg></p>", "<p>a<b>b</b></p>"),
        ('<p><a href="java\tscript:f()">a</a></p>', "<p><a>a</a></p>"),
        ('<p><a href="JavaScript:f()" target="_blank" onfocus="f()">a</a></p>', "<p><a>a</a></p>"),
        ("<p>a<!-- b --><!x ><?x ?></p>", "<p>a</p>"),
        ("<p>a<![CDATA[x><img src=x onerror=f()>]]></p>", "<p>a</p>"),
        ('<noscript><p title="</noscript><img src=x onerror=f()>">a</p></noscript>', "<p>a</p>"),
        ("<style><img src=x onerror=f()></style>", "&lt;img src=x onerror=f()&gt;"),
    ],
)
def test_of_other_markup_only_the_text_is_shown(html, shown):
    assert str(RichText(html)) == shown


@pytest.mark.parametrize("address", ["http://example.go.id", "HTTPS://example.go.id/?a=b#c"])
def test_addresses_of_the_web_stay(address):
    assert web_address(address) == address


@pytest.mark.parametrize(
    "address", ["", None, "javascript:f()", " javascript:f()", "data:text/html,x", "//example.go.id", "x"]
)
def test_other_addresses_are_no_links(address):
    assert web_address(address) == ""


@pytest.mark.parametrize(
    ("stored", "url"), [("https://example.go.id/", "https://example.go.id/"), ("javascript:f()", "")]
)
def test_the_editor_gets_no_address_that_runs(stored, url):
    content = ContentstateConverter(features=["link"]).from_database_format(f'<p><a href="{stored}">a</a></p>')
    (entity,) = json.loads(content)["entityMap"].values()
    assert entity["data"] == {"url": url}
