"""Charts as inline SVG, drawn on the server: where each bar stands. `components/chart.html` and `css/chart.css` draw them.

Across, everything is in per cent of the width, so that a chart fits a phone without shrinking its words; down, in
pixels. A chart repeats a table that stands beside it and never replaces it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

COLUMNS_HEIGHT = 150  # of the highest column
ABOVE, BELOW = 40, 24  # room for figures and a mark, room for labels
GAP_SHARE = 0.2  # of the place of a column
ROW_HEIGHT, BAR_HEIGHT, LABEL_HEIGHT = 44, 12, 20
SHORT_LABEL, LONGEST_LABEL = 26, 90  # signs beside the figure on a phone, and where there is room


@dataclass(frozen=True)
class Bar:
    """One thing that is counted; `text` is its figure as readers see it. A quiet one is drawn paler.

    `short` is the label of an upright bar on a phone, if the whole one has no room there.
    """

    label: str
    value: float
    text: str
    quiet: bool = False
    short: str = ""


@dataclass(frozen=True)
class Mark:
    """A line across the columns, at so many per cent of the width, with its words."""

    at: float
    text: str


@dataclass(frozen=True)
class Drawn:
    """A bar in its place: lengths are texts with their unit, as SVG takes them. `short` is the label for a phone, if it differs."""

    x: str
    y: str
    width: str
    height: str
    label: str
    short: str
    label_x: str
    label_y: str
    text: str
    text_x: str
    text_y: str
    quiet: bool


@dataclass(frozen=True)
class Word:
    """A text at a place; `anchor` is that of SVG: start, middle or end."""

    x: str
    y: str
    text: str
    anchor: str


@dataclass(frozen=True)
class Chart:
    """For components/chart.html; the marks stand in `lines` (their x) and `words`."""

    kind: str
    title: str
    description: str
    height: int
    bars: tuple[Drawn, ...]
    words: tuple[Word, ...] = ()
    lines: tuple[str, ...] = ()
    base: str = ""
    top: str = ""


def columns(bars: Sequence[Bar], *, title: str | Promise, edges: Sequence[str] = (), mark: Mark | None = None) -> Chart:
    """Upright bars side by side: months, or the bands of a distribution.

    With `edges`, one more than there are bars, what divides the bands is named instead of the bars.
    """
    if edges and len(edges) != len(bars) + 1:
        raise ValueError("a distribution has one edge more than bands")
    highest = max((bar.value for bar in bars), default=0)
    place = 100 / max(len(bars), 1)
    base = ABOVE + COLUMNS_HEIGHT
    drawn = []
    for number, bar in enumerate(bars):
        height = COLUMNS_HEIGHT * bar.value / highest if highest else 0
        middle = place * (number + 0.5)
        drawn.append(
            Drawn(
                x=_percent(place * (number + GAP_SHARE / 2)),
                y=_pixels(base - height),
                width=_percent(place * (1 - GAP_SHARE)),
                height=_pixels(height),
                label="" if edges else bar.label,
                short="" if edges else bar.short,
                label_x=_percent(middle),
                label_y=_pixels(base + 16),
                text=bar.text if bar.value else "",
                text_x=_percent(middle),
                text_y=_pixels(base - height - 5),
                quiet=bar.quiet,
            )
        )
    words = [
        Word(_percent(place * number), _pixels(base + 16), text, _anchor(number, len(edges) - 1))
        for number, text in enumerate(edges)
    ]
    if mark:
        words.append(Word(_percent(mark.at), _pixels(14), mark.text, "end" if mark.at > 50 else "start"))
    return Chart(
        kind="columns",
        title=str(title),
        description=_told(bars),
        height=base + BELOW,
        bars=tuple(drawn),
        words=tuple(words),
        lines=(_percent(mark.at),) if mark else (),
        base=_pixels(base),
        top=_pixels(20),
    )


def rows(bars: Sequence[Bar], *, title: str | Promise, whole: float | None = None) -> Chart:
    """Lying bars one below the other: steps, agencies. `whole` fills the width; otherwise the largest does."""
    most = whole or max((bar.value for bar in bars), default=0)
    drawn = []
    for number, bar in enumerate(bars):
        top = ROW_HEIGHT * number
        drawn.append(
            Drawn(
                x="0",
                y=_pixels(top + LABEL_HEIGHT),
                width=_percent(100 * min(bar.value / most, 1) if most else 0),
                height=_pixels(BAR_HEIGHT),
                label=shortened(bar.label, LONGEST_LABEL),
                short=shortened(bar.label, SHORT_LABEL) if len(bar.label) > SHORT_LABEL else "",
                label_x="0",
                label_y=_pixels(top + LABEL_HEIGHT - 6),
                text=bar.text,
                text_x="100%",
                text_y=_pixels(top + LABEL_HEIGHT - 6),
                quiet=bar.quiet,
            )
        )
    return Chart("rows", str(title), _told(bars), ROW_HEIGHT * len(bars), tuple(drawn))


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _told(bars: Sequence[Bar]) -> str:
    """For whoever does not see the chart."""
    if not bars:
        return _("There is nothing to show.")
    highest = max(bars, key=lambda bar: bar.value)
    return _("Largest: %(label)s, %(figure)s. All figures stand in the table beside the chart.") % {
        "label": highest.label,
        "figure": highest.text,
    }


def _anchor(number: int, last: int) -> str:
    return "start" if number == 0 else "end" if number == last else "middle"


def _percent(share: float) -> str:
    return f"{share:.2f}%"


def _pixels(length: float) -> str:
    return f"{length:.1f}"
