"""Join the style sheet sources into `static/css/site.css`, the one file every page loads.

`python -m academy.stylesheet` writes it, `--check` only tells (exit code 1) that it is stale. No other tool is needed.
"""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "css"
TARGET = FOLDER / "site.css"
LAYERS = "@layer tokens, base, components, print;"


def sources() -> list[Path]:
    """The source files in layer order; components by name."""
    components = sorted((FOLDER / "components").glob("*.css"))
    return [FOLDER / "tokens.css", FOLDER / "base.css", *components, FOLDER / "print.css"]


def build() -> str:
    """The joined style sheet without comments, indentation and blank lines."""
    joined = "\n".join([LAYERS, *(path.read_text(encoding="utf-8") for path in sources())])
    without_comments = re.sub(r"/\*.*?\*/", "", joined, flags=re.DOTALL)
    lines = (line.strip() for line in without_comments.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def main(arguments: list[str]) -> int:
    """Write the style sheet, or with `--check` compare only. Returns the exit code."""
    text = build()
    current = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if text == current:
        return 0
    if "--check" in arguments:
        sys.stderr.write("site.css is stale: run python -m academy.stylesheet\n")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
