"""The certificate budgets: how long a learner waits for a verifiable certificate, and what one costs."""

from __future__ import annotations

import statistics
import time

from tests.bench import load
from tests.bench.figures import Figure, at_most, below, told
from tests.end_to_end.stack import Stack
from tests.end_to_end.visitor import Visitor

IDLE_SECONDS, BURST_SECONDS = 5, 60
CPU_MS = 120
GIVE_UP_SECONDS = 300
LOOK_EVERY_SECONDS = 0.03


def measure(academy: Stack, *, database: str, idle: int, burst: int) -> list[Figure]:
    alone = [seconds for number in range(idle) for seconds in _waits(academy, prefix=f"tenang{number}-", count=1)[0]]
    together, cpu = _waits(academy, prefix="ramai", count=burst)
    naive = academy.ask("draw_naively", code=academy.ask("some_code"), times=10)
    return [
        below(
            f"certificate.latency idle p99 ({database})",
            _p99(alone),
            "s",
            IDLE_SECONDS,
            f"{idle} one by one, median {statistics.median(alone):.2f} s",
        ),
        below(
            f"certificate.latency burst p99 ({database})",
            _p99(together),
            "s",
            BURST_SECONDS,
            f"{burst} completions at once, {burst / max(together):.1f} a second",
        ),
        at_most(
            f"certificate.cost ({database})",
            cpu * 1000 / burst,
            "CPU ms",
            CPU_MS,
            f"of the worker, everything included; {cpu * 1000 / burst / naive:.2f} x naive WeasyPrint and pyHanko; credential and signature are in",
        ),
        told(
            f"certificate.cost naive WeasyPrint and pyHanko ({database})",
            naive,
            "CPU ms",
            "the same content without credential, nothing kept",
        ),
    ]


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[98]


def _waits(academy: Stack, *, prefix: str, count: int) -> tuple[list[float], float]:
    """Seconds from the sent answers to the certificate that a stranger can verify, and the worker's CPU seconds."""
    attempts = [each["attempt"] for each in academy.ask("make_candidates", prefix=prefix, count=count)]
    worker = academy.processes["worker-prompt"].pid
    cpu = load.cpu_seconds(worker)
    began = time.monotonic()
    completions = academy.ask("submit", attempts=attempts)
    assert len(completions) == count
    seen: dict[str, float] = {}
    codes: dict[str, str] = {}
    while len(seen) < count:
        codes = academy.ask("published", completions=completions)
        now = time.monotonic() - began
        assert now < GIVE_UP_SECONDS, f"{len(seen)} of {count} certificates after {now:.0f} s"
        for completion in codes:
            seen.setdefault(completion, now)
        time.sleep(LOOK_EVERY_SECONDS)
    spent = load.cpu_seconds(worker) - cpu
    verdict = Visitor(academy.base_url).get(f"/api/v1/verifikasi/{next(iter(codes.values()))}").json()["verdict"]
    assert verdict == "genuine"
    return list(seen.values()), spent
