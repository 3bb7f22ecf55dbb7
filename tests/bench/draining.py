"""One of the workers that drain a queue of completions: `python -m tests.bench.draining`.

It sweeps until nothing is owed and writes one line of JSON: certificates published, CPU milliseconds of each step (what a
step calls counts for itself), and resident memory in MiB after a fifth of its work and at the end.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import django
import psutil

AT_ONCE = 20  # certificates of one sweep: memory is looked at between two
MIB = 2**20


class Clock:
    """CPU time of this process, charged to the step that is running."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._running = ["other"]
        self._since = time.process_time()

    def _charge(self) -> None:
        now = time.process_time()
        self.spent[self._running[-1]] += now - self._since  # type: ignore[assignment]  # seconds, not a count
        self._since = now

    def timed(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **keywords: Any) -> Any:
            self._charge()
            self._running.append(step)
            try:
                return function(*arguments, **keywords)
            finally:
                self._charge()
                self._running.pop()

        return run

    def milliseconds(self) -> dict[str, float]:
        self._charge()
        return {step: seconds * 1000 for step, seconds in self.spent.items()}


def main() -> None:
    django.setup()
    from django.utils import timezone

    from certificates import credentials, issuing, store
    from certificates.signing.local import LocalSigner

    clock = Clock()
    for owner, name, step in (
        (issuing, "issue", "row"),
        (issuing, "_claim", "claim"),
        (credentials, "of", "credential"),
        (issuing, "render_pdf", "draw"),
        (LocalSigner, "sign", "sign"),
        (store, "keep", "store"),
        (issuing, "_publish", "publish"),
    ):
        setattr(owner, name, clock.timed(step, getattr(owner, name)))
    memory = []
    published = 0
    while (swept := issuing.sweep(at=timezone.now(), limit=AT_ONCE)).published or swept.issued:
        assert not swept.failed
        published += swept.published
        memory.append(psutil.Process().memory_info().rss / MIB)
    sys.stdout.write(
        json.dumps(
            {
                "published": published,
                "milliseconds": clock.milliseconds(),
                "early_mib": memory[len(memory) // 5],
                "late_mib": memory[-1],
            }
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
