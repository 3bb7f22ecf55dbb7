"""The page budgets: what a page costs beside a view that says hello, in the same run on the same server."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench import load
from tests.bench.figures import Figure, at_least, at_most, told
from tests.end_to_end.stack import Stack

CONNECTIONS = 8
MANY_CONNECTIONS = 64


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds of so many requests. A reader may verify 60 times a minute: 50 a connection."""

    rounds: int
    hellos: int
    pages: int


SIZES = {"": Size(rounds=5, hellos=1600, pages=400), "full": Size(rounds=30, hellos=1600, pages=400)}


@dataclass(frozen=True)
class Target:
    name: str
    path: str
    sessions: Sequence[str] = ("",)


def measure(academy: Stack, *, database: str, size: Size) -> list[Figure]:
    """All page budgets on one database."""
    learners = academy.ask("make_bench_learners", prefix="ukur", count=16)
    sessions = [each["session"] for each in learners]
    lesson = learners[0]["activities"][0]
    code = academy.ask("some_code")
    targets = [
        Target("module", f"/belajar/%s/{lesson}/", sessions),
        Target("cached catalogue", "/katalog/"),
        Target("cached course", "/katalog/dasar-spbe/"),
        Target("verify", f"/V/{code}"),
        Target("my learning", "/belajar/", sessions),
        Target("home signed in", "/", sessions),
    ]
    enrolments = {each["session"]: each["enrolment"] for each in learners}
    paths = {
        target.name: [(target.path % enrolments[s] if "%s" in target.path else target.path, s) for s in target.sessions]
        for target in targets
    }
    found = against_hello(academy, paths, size)
    queries = {
        name: academy.ask("count_queries", path=asked[0][0], session=asked[0][1]) for name, asked in paths.items()
    }
    return [
        told(
            f"page.hello CPU ({database})", found["hello"][0], "ms/request", "the floor: a bare view, same middleware"
        ),
        *_module(found["module"], queries["module"], database),
        *_cached(found, queries, database),
        *_verify(found["verify"], queries["verify"], database),
        *[
            told(f"page.other {name} ({database})", found[name][1], "x hello CPU", f"{queries[name]} queries")
            for name in ("my learning", "home signed in")
        ],
    ]


def against_hello(
    academy: Stack, paths: dict[str, list[tuple[str, str]]], size: Size
) -> dict[str, tuple[float, float, float]]:
    """For each target (CPU ms per request, times the CPU of hello, p95 ms): medians over interleaved rounds."""
    pid, host = academy.processes["web"].pid, f"127.0.0.1:{academy.port}"
    requests = {
        name: [load.get(path, host=host, session=session) for path, session in each] for name, each in paths.items()
    }
    requests["hello"] = [load.get("/hello/", host=host)]
    counts = {name: size.hellos if name == "hello" else size.pages for name in requests}
    rounds: dict[str, list[load.Outcome]] = {name: [] for name in requests}
    for number in range(size.rounds + 1):
        for name, each in requests.items():
            queues = [
                [each[(at + k) % len(each)] for k in range(counts[name] // CONNECTIONS)] for at in range(CONNECTIONS)
            ]
            outcome = load.burst(queues, port=academy.port, pid=pid)
            assert outcome.errors == 0, f"{name}: {sorted(set(outcome.statuses))}"
            if number:  # the first round warms up
                rounds[name].append(outcome)
    hello = [outcome.cpu_ms for outcome in rounds["hello"]]
    return {
        name: (
            statistics.median(outcome.cpu_ms for outcome in each),
            statistics.median(outcome.cpu_ms / floor for outcome, floor in zip(each, hello, strict=True)),
            statistics.median(outcome.percentile(95) for outcome in each),
        )
        for name, each in rounds.items()
    }


def _module(found: tuple[float, float, float], queries: int, database: str) -> list[Figure]:
    cpu, times, p95 = found
    note = f"{cpu:.2f} ms CPU a request, p95 {p95:.0f} ms at {CONNECTIONS} connections"
    return [
        at_most(f"page.module CPU ({database})", times, "x hello CPU", 15, note),
        at_most(f"page.module queries ({database})", queries, "queries", 5),
    ]


def _cached(found: dict[str, tuple[float, float, float]], queries: dict[str, int], database: str) -> list[Figure]:
    figures = []
    for name in ("cached catalogue", "cached course"):
        cpu, times, _p95 = found[name]
        key = name.replace("cached", "page.cached")
        figures.append(
            at_least(f"{key} rate ({database})", 1 / times, "x hello rate", 0.5, f"{cpu:.2f} ms CPU a request")
        )
        figures.append(at_most(f"{key} queries ({database})", queries[name], "queries", 0))
    return figures


def _verify(found: tuple[float, float, float], queries: int, database: str) -> list[Figure]:
    cpu, times, _p95 = found
    return [
        at_least(f"page.verify rate ({database})", 1 / times, "x hello rate", 0.4, f"{cpu:.2f} ms CPU a request"),
        at_most(f"page.verify queries ({database})", queries, "queries", 3),
    ]


def done_path(learner: dict[str, Any], lesson: str) -> str:
    return f"/belajar/{learner['enrolment']}/{lesson}/selesai/"


def completions(academy: Stack, *, database: str, hello_ms: float, rounds: int) -> list[Figure]:
    """64 connections, each a learner of its own who finishes one lesson after the other."""
    pid, host = academy.processes["web"].pid, f"127.0.0.1:{academy.port}"
    outcomes = []
    for number in range(rounds):
        learners = academy.ask("make_bench_learners", prefix=f"tuntas{number}-", count=MANY_CONNECTIONS)
        queues = [
            [load.post(done_path(each, lesson), host=host, session=each["session"]) for lesson in each["activities"]]
            for each in learners
        ]
        before = academy.ask("count_progress")
        outcomes.append(load.burst(queues, port=academy.port, pid=pid))
        done = academy.ask("count_progress") - before
        assert done == sum(map(len, queues)), f"{done} lessons done of {sum(map(len, queues))} posted"
    spare = academy.ask("make_bench_learners", prefix="tuntas-satu", count=1)[0]
    statements = academy.ask(
        "count_statements",
        path=done_path(spare, spare["activities"][0]),
        session=spare["session"],
    )
    answers = sum(len(outcome.statuses) for outcome in outcomes)
    cpu = statistics.median(outcome.cpu_ms for outcome in outcomes)
    rate = statistics.median(len(outcome.statuses) / outcome.whole for outcome in outcomes)
    p99 = statistics.median(outcome.percentile(99) for outcome in outcomes)
    note = f"of {answers} posts at {MANY_CONNECTIONS} connections; {rate:.0f} a second, p99 {p99:.0f} ms"
    return [
        at_most(f"page.complete errors ({database})", sum(each.errors for each in outcomes), "errors", 0, note),
        at_most(f"page.complete statements ({database})", statements, "statements", 8, "without BEGIN and COMMIT"),
        told(f"page.complete CPU ({database})", cpu / hello_ms, "x hello CPU", f"{cpu:.2f} ms CPU a request"),
    ]
