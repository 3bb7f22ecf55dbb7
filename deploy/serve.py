"""Start the academy's processes as one group, stay in the foreground, and leave no process behind.

    serve.py demo      prepare the database, load the curriculum and the demo academy, then serve
    serve.py run       prepare the database, then serve
    serve.py worker    workers and clock only

PORT, HOST and DATA_DIR come from the environment. supervisord starts and restarts the processes; this launcher waits
until /readyz is green and ends everything on Ctrl-C, SIGTERM or SIGHUP. Linux only: the kernel tells supervisord when
the launcher is killed, and hands the launcher every process whose parent has died.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
READY_WITHIN_SECONDS = 180
# Longer than stopwaitsecs in supervisord.conf: supervisord kills what does not stop in time, then ends itself.
STOPPED_WITHIN_SECONDS = 20
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
libc = ctypes.CDLL(None, use_errno=True)

ACCOUNTS = [
    ("peserta@demo.test", "learner, Diskominfo Kab. Kupang: a running course and a certificate of their own"),
    ("pengajar@demo.test", "trainer: writes and publishes courses in /cms/"),
    ("hr.provinsi@demo.test", "HR of the group Provinsi NTT: /laporan/ over all its agencies"),
    ("hr.kabkupang@demo.test", "HR of Kab. Kupang: /laporan/ over that agency only"),
    ("admin@demo.test", "administrator: /cms/ with its settings and users"),
]


class Stop(BaseException):
    """Somebody asked us to stop."""


def main(mode: str) -> int:
    for number in STOP_SIGNALS:
        signal.signal(number, ask_to_stop)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    if "MAKELEVEL" in os.environ:  # started by make: end with it, however it ends
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    with_web = mode != "worker"
    host = os.environ.get("HOST") or "127.0.0.1"
    port = read_port(os.environ.get("PORT") or "8000")
    data_dir = PROJECT / (os.environ.get("DATA_DIR") or "var")
    for folder in ("log", "beat"):
        (data_dir / folder).mkdir(parents=True, exist_ok=True)
    lock = lock_data(data_dir)
    if with_web:
        refuse_taken_port(host, port)

    os.chdir(PROJECT)
    os.environ.update(
        BIN=str(BIN),
        DATA_DIR=str(data_dir),
        HOST=host,
        PORT=str(port),
        PYTHONUNBUFFERED="1",
        START_WEB="true" if with_web else "false",
    )
    supervisord: subprocess.Popen[bytes] | None = None
    try:
        forget_cache(data_dir)
        prepare(mode, data_dir / "log" / "prepare.log")
        os.environ["WORKER_POOL"] = worker_pool()
        supervisord = start([str(BIN / "supervisord"), "--configuration", "deploy/supervisord.conf"])
        if with_web:
            wait_until_ready(supervisord, f"http://{reachable(host)}:{port}/readyz", data_dir)
            greet(mode, os.environ.get("SITE_URL") or f"http://localhost:{port}", data_dir)
        else:
            say("Workers and clock are running. Ctrl-C stops them.")
        watch(supervisord, data_dir)
    except Stop:
        say("\nStopping …")
    finally:
        end_everything(supervisord)
        lock.close()
    say("Stopped; no process is left.")
    return 0


def ask_to_stop(_number: int, _frame: FrameType | None) -> NoReturn:
    turn_deaf()
    raise Stop


def turn_deaf() -> None:
    """Asking once is enough; a second Ctrl-C must not leave a half-stopped group."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def say(text: str) -> None:
    print(text, flush=True)


def read_port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def lock_data(data_dir: Path) -> IO[str]:
    """Hold DATA_DIR for this launcher: two groups on one file broker would take each other's messages."""
    lock = (data_dir / "serve.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"The academy is already running on {data_dir}. Stop it, or choose another DATA_DIR.")
    return lock


def reachable(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound


def refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            sys.exit(f"Port {port} on {host} cannot be used ({error.strerror}). Try another: make demo PORT={port + 1}")


def start(command: list[str], *, errors: IO[str] | None = None) -> subprocess.Popen[bytes]:
    """Start a command in its own session, so that only we signal it, and have the kernel stop it if we are killed."""
    launcher = os.getpid()

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != launcher:
            os._exit(1)

    return subprocess.Popen(
        command, start_new_session=True, preexec_fn=in_child, stdin=subprocess.DEVNULL, stderr=errors
    )


def forget_cache(data_dir: Path) -> None:
    """What is kept may tell of another database: a new one, or one from the backup, uses the same numbers again."""
    shutil.rmtree(data_dir / "cache", ignore_errors=True)


def prepare(mode: str, log: Path) -> None:
    steps: list[tuple[str, list[str]]] = []
    if mode != "worker":
        steps += [
            ("Database", ["migrate", "--verbosity", "0"]),
            ("Static files", ["collectstatic", "--no-input", "--verbosity", "0"]),
        ]
    if mode == "demo":
        steps += [("Agencies", ["load_agencies"])]
    if mode != "worker":
        steps += [("Site", ["load_site"])]
    if mode == "demo":
        steps += [("Curriculum", ["load_curriculum"]), ("Demo academy", ["load_demo"])]
    for name, command in steps:
        say(f"{name} …")
        began = time.monotonic()
        with log.open("w") as errors:  # what a command tells goes to the terminal, what it logs to the file
            code = start([sys.executable, "manage.py", *command], errors=errors).wait()
        if code:
            say(log.read_text(errors="replace")[-4000:])
            sys.exit(f"manage.py {command[0]} failed (exit {code}); nothing was started.")
        say(f"{name}: {time.monotonic() - began:.0f} s")


def worker_pool() -> str:
    """The file transport serves one process a queue; with a real broker a worker takes two tasks at a time."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "academy.settings")
    sys.path.insert(0, str(PROJECT))
    from django.conf import settings

    embedded = settings.CELERY_BROKER_URL.startswith("filesystem:")
    return "--pool=solo" if embedded else "--pool=prefork --concurrency=2"


def wait_until_ready(supervisord: subprocess.Popen[bytes], address: str, data_dir: Path) -> None:
    say("Starting the web server, the workers and the clock …")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    answer = "no answer"
    while time.monotonic() < deadline:
        if supervisord.poll() is not None:
            break
        try:
            with opener.open(address, timeout=5):  # any other answer than 2xx is raised
                return
        except urllib.error.HTTPError as error:
            answer = f"HTTP {error.code}: {error.read(2000).decode(errors='replace')}"
        except OSError as error:
            answer = str(error)
        time.sleep(0.5)
    for log in sorted((data_dir / "log").glob("*.log")):
        say(f"--- the end of {log}\n{log.read_text(errors='replace')[-1500:]}")
    sys.exit(f"The academy did not become ready. {address}: {answer}")


def greet(mode: str, address: str, data_dir: Path) -> None:
    lines = ["", f"The academy is running at {address}/", ""]
    if mode == "demo":
        password = os.environ.get("DEMO_PASSWORD") or "belajar-digital"
        width = max(len(account) for account, _ in ACCOUNTS)
        lines += [f"Sign in at {address}/masuk/ with the password {password}:"]
        lines += [f"  {account:<{width}}  {sees}" for account, sees in ACCOUNTS]
        lines += ["", f"Anyone may check a certificate at {address}/verifikasi/"]
    lines += [f"Data and logs: {data_dir} (logs in {data_dir / 'log'})", "Ctrl-C stops everything.", ""]
    say("\n".join(lines))


def watch(supervisord: subprocess.Popen[bytes], data_dir: Path) -> NoReturn:
    """Wait for ever; end what lost its parent, so that a restarted web server does not meet its own old children."""
    while supervisord.poll() is None:
        end_strays(signal.SIGTERM, spare=supervisord.pid)
        time.sleep(1)
    sys.exit(f"The supervisor ended by itself (exit {supervisord.returncode}); see {data_dir / 'log/supervisord.log'}.")


def end_everything(supervisord: subprocess.Popen[bytes] | None) -> None:
    turn_deaf()
    if supervisord is not None:
        supervisord.terminate()
        try:
            supervisord.wait(STOPPED_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            supervisord.kill()
    began = time.monotonic()
    while children():
        end_strays(signal.SIGTERM if time.monotonic() - began < 5 else signal.SIGKILL)
        time.sleep(0.1)


def children() -> set[int]:
    """The processes whose parent we are, also because their own parent died."""
    return {int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def end_strays(number: signal.Signals, *, spare: int | None = None) -> None:
    for pid in children() - {spare}:
        os.kill(pid, number)  # a child stays ours until we wait for it, so the id cannot be another's
        os.waitpid(pid, os.WNOHANG)


if __name__ == "__main__":
    if sys.argv[1:] not in (["demo"], ["run"], ["worker"]):
        sys.exit("usage: serve.py demo|run|worker")
    sys.exit(main(sys.argv[1]))
