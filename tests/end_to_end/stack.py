"""The whole academy as processes: the commands of deploy/supervisord.conf, on a database and a folder of their own."""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import psycopg

from tests import prepared

PROJECT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
QUESTIONS = "tests.end_to_end.inside"
PROGRAMS = ("web", "worker-prompt", "worker-long", "beat")
READY_WITHIN_SECONDS = 120
STOPPED_WITHIN_SECONDS = 15
CALL_COMMANDS = """
import json, sys
import django
from django.core.management import call_command
django.setup()
for command in json.loads(sys.argv[1]):
    call_command(*command)
"""
# What the caller's shell says about an academy of its own must not leak into this one.
PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "USER", "PYTHONDONTWRITEBYTECODE")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def fresh_database(url: str, name: str) -> Iterator[str]:
    """A PostgreSQL database `name` on the server of `url`, dropped afterwards; "" (SQLite) for any other url.

    It holds the schema where that is prepared, else nothing.
    """
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgres"):
        yield ""
        return
    maintenance = _address(parts, "postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        template = f' TEMPLATE "{prepared.schema()}"' if prepared.schema() else ""
        connection.execute(f'CREATE DATABASE "{name}"{template}')
    try:
        yield _address(parts, name)
    finally:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _address(server: SplitResult, database: str) -> str:
    """The address of a database; urlunsplit would lose the slashes of one without a host, the local socket."""
    return f"postgresql://{server.netloc}/{database}" + (f"?{server.query}" if server.query else "")


class Console:
    """A process with the academy's settings that calls functions of a module of questions for us."""

    def __init__(self, questions: str, environment: dict[str, str], log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.end_to_end.console", questions],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def ask(self, function: str, **arguments: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"function": function, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the console ended (exit {self._process.poll()}) while asked for {function}"
        answer = json.loads(line)
        assert "error" not in answer, f"{function}: {answer['error']}"
        return answer["value"]

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(STOPPED_WITHIN_SECONDS)
        self._process.stdout.close()


class Stack:
    """Start, stop and look into one academy. Only what was started here is ever stopped.

    `questions` names the module whose functions `ask` calls.
    """

    def __init__(
        self, data_dir: Path, *, database_url: str = "", questions: str = QUESTIONS, **environment: str
    ) -> None:
        self.data_dir = data_dir
        self.questions = questions
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._console: Console | None = None
        for folder in ("log", "beat"):
            (data_dir / folder).mkdir(parents=True, exist_ok=True)
        self.environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
            "BIN": str(BIN),
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "academy.settings",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            "SITE_URL": self.base_url,
            "START_WEB": "true",
            **environment,
        }
        embedded = not self.environment.get("CELERY_BROKER_URL") and not self.environment.get("REDIS_URL")
        self.environment["WORKER_POOL"] = "--pool=solo" if embedded else "--pool=prefork --concurrency=2"

    # Preparing

    def manage(self, *arguments: str) -> None:
        """Run `manage.py …`; its words go to log/manage.log, and a failure is an AssertionError that shows them."""
        self._run("manage.py", *arguments)

    def _run(self, *arguments: str) -> None:
        log = self.data_dir / "log" / "manage.log"
        with log.open("ab") as output:
            code = subprocess.call(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        assert code == 0, f"{' '.join(arguments)} failed (exit {code}):\n{log.read_text()[-4000:]}"

    def prepare(self, *commands: tuple[str, ...]) -> None:
        """The schema and the static files, then the given management commands, in one process."""
        with ThreadPoolExecutor(1) as beside:
            static = beside.submit(self._collect_static)
            self._make_schema()
            static.result()
        if commands:
            self._run("-c", CALL_COMMANDS, json.dumps(commands))

    def _collect_static(self) -> None:
        if not prepared.link_static(self.data_dir / "static"):
            self.manage("collectstatic", "--no-input", "--verbosity", "0")

    def _make_schema(self) -> None:
        """Whoever made a PostgreSQL database for us copied the schema already (`fresh_database`)."""
        on_postgresql = bool(self.environment["DATABASE_URL"])
        made = prepared.schema() if on_postgresql else prepared.copy_schema(self.data_dir / "academy.sqlite3")
        if not made:
            self.manage("migrate", "--verbosity", "0")

    # Running

    def start(self, *programs: str) -> None:
        for name in programs or PROGRAMS:
            with self.log_of(name).open("ab") as output:
                self.processes[name] = subprocess.Popen(
                    self.command_of(name),
                    cwd=PROJECT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def command_of(self, program: str) -> list[str]:
        """The command of a program as supervisord would run it."""
        configuration = configparser.RawConfigParser(inline_comment_prefixes=(";",))
        configuration.read(PROJECT / "deploy" / "supervisord.conf")
        values = {f"ENV_{name}": value for name, value in self.environment.items()}
        command = configuration[f"program:{program}"]["command"] % values
        return [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', command)]

    def stop(self, *programs: str, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """Signal the programs (all if none is named) and wait; SIGKILL takes the whole process group at once."""
        names = [name for name in programs or tuple(self.processes) if name in self.processes]
        for name in names:
            process = self.processes[name]
            if process.poll() is None:
                if with_signal == signal.SIGKILL:
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.send_signal(with_signal)
        for name in names:
            process = self.processes.pop(name)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOPPED_WITHIN_SECONDS)
            with contextlib.suppress(ProcessLookupError):  # nobody is left of its group: all ended in good order
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        self.stop()
        if self._console:
            self._console.close()
            self._console = None

    def wait_until_ready(self, probe: str = "/readyz") -> None:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        answer = "no answer"
        while time.monotonic() < deadline:
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            assert not ended, f"{ended} ended at once\n{self.end_of_logs()}"
            try:
                with urllib.request.urlopen(f"{self.base_url}{probe}", timeout=5):  # noqa: S310  our own http address
                    return
            except urllib.error.HTTPError as error:
                answer = f"HTTP {error.code}: {error.read(2000).decode(errors='replace')}"
            except OSError as error:
                answer = str(error)
            time.sleep(0.3)
        raise AssertionError(f"{probe}: {answer}\n{self.end_of_logs()}")

    # Looking inside

    def log_of(self, program: str) -> Path:
        return self.data_dir / "log" / f"{program}.log"

    def end_of_logs(self) -> str:
        logs = sorted((self.data_dir / "log").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in logs)

    def ask(self, function: str, **arguments: Any) -> Any:
        """Call a function of the module of questions in a process with this academy's settings and database."""
        if self._console is None:
            self._console = Console(self.questions, self.environment, self.log_of("console"))
        return self._console.ask(function, **arguments)


@contextlib.contextmanager
def running_academy(
    data_dir: Path, *, commands: tuple[tuple[str, ...], ...], environment: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """A whole academy, ready to answer. DATABASE_URL decides: PostgreSQL if it names one, else a SQLite file."""
    with fresh_database(os.environ.get("DATABASE_URL", ""), f"academy_e2e_{os.getpid()}") as database_url:
        stack = Stack(data_dir, database_url=database_url, **(environment or {}))
        try:
            stack.prepare(*commands)
            stack.start()
            stack.wait_until_ready()
            yield stack
        finally:
            stack.close()
