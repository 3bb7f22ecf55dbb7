"""The launcher's preparations."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SERVE = Path(__file__).parent.parent / "deploy" / "serve.py"


def test_starting_forgets_the_cache_and_nothing_else(tmp_path: Path):
    spec = importlib.util.spec_from_file_location("serve", SERVE)
    assert spec is not None
    assert spec.loader is not None
    serve = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve)
    data = tmp_path / "data"
    (data / "cache").mkdir(parents=True)
    for name in ("cache/outline", "db.sqlite3"):
        (data / name).write_text("")
    serve.forget_cache(data)
    serve.forget_cache(data)
    assert [path.name for path in data.iterdir()] == ["db.sqlite3"]
