"""The certificate budgets: how long a learner waits for a verifiable certificate, and what one costs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from typing import Any

from tests.bench import load
from tests.bench.figures import Figure, at_most, below, told
from tests.end_to_end.stack import PROJECT, Stack
from tests.end_to_end.visitor import Visitor

IDLE_SECONDS, BURST_SECONDS = 5, 60
CPU_MS = 120
GIVE_UP_SECONDS = 300
LOOK_EVERY_SECONDS, AT_MANY_EVERY_SECONDS = 0.03, 0.5  # to look takes time from the worker
DRAINERS = 2
DRAINED_WITHIN_SECONDS = 1800
GROWTH_MIB = 40  # of a worker, from a fifth of its work to the end: WeasyPrint's caches level out, a leak does not


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


def drain(academy: Stack, *, database: str, count: int) -> list[Figure]:
    """Two workers empty a queue of completions while nobody else works; everything is made, from number to message."""
    academy.stop("worker-prompt", "beat")
    academy.ask("owe_certificates", count=count)
    began = time.monotonic()
    told_by = _side_by_side(academy, "tests.bench.draining")
    seconds = time.monotonic() - began
    made = sum(each["published"] for each in told_by)
    assert made == count, f"{made} certificates of {count} completions"
    steps: Counter[str] = Counter()
    for each in told_by:
        steps.update({step: spent / count for step, spent in each["milliseconds"].items()})
    cost = sum(steps.values())
    naive = statistics.mean(_side_by_side(academy, "tests.bench.drawing_naively"))
    academy.start("worker-prompt", "beat")
    academy.wait_until_ready()
    parts = ", ".join(f"{step} {spent:.1f}" for step, spent in steps.most_common())
    growth = max(each["late_mib"] - each["early_mib"] for each in told_by)
    shares = " and ".join(str(each["published"]) for each in told_by)
    return [
        at_most(
            f"certificate.cost drain of {count} ({database})",
            cost,
            "CPU ms",
            CPU_MS,
            f"{parts}; {cost / naive:.2f} x naive",
        ),
        told(
            f"certificate.drain wall ({database})",
            seconds,
            "s",
            f"{count / seconds:.1f} a second by {DRAINERS} workers, {shares}",
        ),
        below(
            f"certificate.drain memory ({database})",
            growth,
            "MiB",
            GROWTH_MIB,
            f"growth of a worker from a fifth to the end, {max(each['late_mib'] for each in told_by):.0f} MiB then",
        ),
    ]


def _side_by_side(academy: Stack, module: str) -> list[Any]:
    """What each of two processes tells that do the same at the same time, so that all share the machine alike."""
    drainers = [
        subprocess.Popen(
            [sys.executable, "-m", module], cwd=PROJECT, env=academy.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        for _drainer in range(DRAINERS)
    ]  # fmt: skip
    return [json.loads(drainer.communicate(timeout=DRAINED_WITHIN_SECONDS)[0]) for drainer in drainers]


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
        time.sleep(LOOK_EVERY_SECONDS if count == 1 else AT_MANY_EVERY_SECONDS)
    spent = load.cpu_seconds(worker) - cpu
    verdict = Visitor(academy.base_url).get(f"/api/v1/verifikasi/{next(iter(codes.values()))}").json()["verdict"]
    assert verdict == "genuine"
    return list(seen.values()), spent
