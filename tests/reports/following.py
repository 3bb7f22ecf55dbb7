"""Every number of a report's page leads to what is behind it."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.reports.world import page_table, soup

SUMS = {"JP", "Kurang (JP)"}  # of the lines behind them; other numbers count these


def check_numbers(client: Client, address: str) -> None:
    """Each whole number but 0 is a link to so many lines or to that sum."""
    behind: dict[str, Any] = {}
    page, found, bare = client.get(address), set[str](), set[str]()
    for position, table in enumerate(soup(page).select("main table")):
        headings = page_table(page, position).headings
        for row in table.select("tbody tr, tfoot tr"):
            for heading, cell in zip(headings, row.select("th, td"), strict=True):
                number, link = cell.get_text(strip=True), cell.select_one("a")
                if not number.isdigit() or number == "0":
                    continue
                if link is None:
                    bare.add(heading)
                    continue
                lines = behind.setdefault(link["href"], page_table(client.get(link["href"])))
                assert number == (lines.total(heading) if heading in SUMS else str(len(lines.rows))), link
                found.add(heading)
    assert found, address
    assert not bare, address
