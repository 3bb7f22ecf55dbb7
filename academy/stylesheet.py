"""Join the style sheet sources into `static/css/site.css`, the one file every page loads, and `static/css/blocks.css`.

The second holds the shapes of blocks (`static/css/blocks/`), for the pages that show blocks. `python -m academy.stylesheet`
writes them, `--check` only tells (exit code 1) that one is stale. No other tool is needed.
"""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "css"
TARGET = FOLDER / "site.css"
BLOCKS = FOLDER / "blocks.css"
LAYERS = "@layer tokens, base, components, print;"


def sources() -> list[Path]:
    """The source files in layer order; components by name."""
    components = sorted((FOLDER / "components").glob("*.css"))
    return [FOLDER / "tokens.css", FOLDER / "base.css", *components, FOLDER / "print.css"]


def build() -> str:
    return joined(sources())


def build_blocks() -> str:
    return joined(sorted((FOLDER / "blocks").glob("*.css")))


def joined(paths: list[Path]) -> str:
    """One style sheet without comments, indentation and blank lines."""
    text = "\n".join([LAYERS, *(path.read_text(encoding="utf-8") for path in paths)])
    without_comments = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    lines = (line.strip() for line in without_comments.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def main(arguments: list[str]) -> int:
    """Write the style sheets, or with `--check` compare only. Returns the exit code."""
    stale = [
        (target, text)
        for target, text in ((TARGET, build()), (BLOCKS, build_blocks()))
        if not target.exists() or target.read_text(encoding="utf-8") != text
    ]
    if stale and "--check" in arguments:
        sys.stderr.write("a style sheet is stale: run python -m academy.stylesheet\n")
        return 1
    for target, text in stale:
        target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
