"""`aeef up`: everything on this machine, kept running until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from types import FrameType

import httpx

from deployments.handover import START
from deployments.prefect_server.credential import ensure_credential
from deployments.prefect_server.settings import HOST, is_embedded, prefect_environment
from deployments.up.children import Child, Memory
from deployments.web.new_keys import LINK_LASTS, first_admin, new_link
from deployments.web.token import TOKEN_FILE, ensure_token
from schemas.errors import AeefError, ConfigurationError
from schemas.incident import Severity
from schemas.settings import PATCHES_VARIABLE, Settings, config_path
from tasks.armed.people import SAMPLE
from tasks.base.file_lock import file_lock
from tasks.base.home import make_home
from tasks.channels.channels import (
    only_to_try,
    pages_lead_here,
    require_known_channels,
    silent_severities,
    unconfigured,
)
from tasks.store.automation.said import said_of_all

START_SECONDS = 120.0
WATCH_SECONDS = 0.5

Say = Callable[[str], None]


def up(settings: Settings, say: Say) -> None:
    """Run Prefect's server (unless one is configured), intake, dispatcher, worker until Ctrl-C.

    Raises ConfigurationError when it cannot start, for instance because a port is used; nothing
    is left running then.
    """
    require_known_channels(settings)
    make_home(settings.home)
    (settings.home / "logs").mkdir(mode=0o700, exist_ok=True)
    stopping = threading.Event()
    with _only_one(settings), _until_signal(stopping):
        memory = Memory(settings.home / "up.children")
        if left := memory.end_leftovers():
            say(f"ended {left} processes that an earlier `aeef up` left running")
        _ports_are_free(settings)
        ensure_token(settings)
        if is_embedded():
            ensure_credential(settings)
        children = _children(settings)
        try:
            _start(children, memory, settings, stopping, say)
            _watch(children, memory, stopping, say)
        finally:
            say("stopping …")
            for child in reversed(children):
                child.stop()
            memory.forget()
            say("stopped")


def _children(settings: Settings) -> list[Child]:
    environment = {**os.environ, **prefect_environment(settings)}
    if path := config_path():
        environment["AEEF_CONFIG"] = str(path)
    environment["AEEF_HOME"] = str(settings.home)
    environment[PATCHES_VARIABLE] = settings.prefect_patches
    commands = {
        "prefect-server": [*START, "deployments.prefect_server.embedded"],
        "intake": [*START, "deployments.intake.main"],
        "dispatcher": [*START, "deployments.dispatcher.main"],
        "worker": [*START, "deployments.worker.main"],
    }
    if not is_embedded():
        del commands["prefect-server"]
    logs = settings.home / "logs"
    return [
        Child(name, command, environment, logs / f"{name}.log")
        for name, command in commands.items()
    ]


def _start(
    children: list[Child], memory: Memory, settings: Settings, stopping: threading.Event, say: Say
) -> None:
    say("starting (the first start takes some seconds) …")
    for child in children:
        child.start()
        memory.keep(children)
    problems = ["not asked yet"]
    deadline = time.monotonic() + START_SECONDS
    with _asking(settings) as intake:
        while problems and not stopping.is_set():
            if time.monotonic() > deadline:
                say("not ready yet, going on: " + "; ".join(problems))
                break
            if any(child.keep_running(say) for child in children):
                memory.keep(children)
            problems = _problems(intake)
            stopping.wait(WATCH_SECONDS)
    if not stopping.is_set():
        for line in summary(settings, ready=not problems):
            say(line)


def _watch(children: list[Child], memory: Memory, stopping: threading.Event, say: Say) -> None:
    while not stopping.wait(WATCH_SECONDS):
        if any(child.keep_running(say) for child in children):
            memory.keep(children)


def summary(settings: Settings, *, ready: bool) -> list[str]:
    """What runs where, and what is not configured, as lines."""
    prefect = prefect_environment(settings)["PREFECT_API_URL"].removesuffix("/api")
    missing = unconfigured(settings)
    silent = silent_severities(settings)
    kept = only_to_try(settings)
    whom = "" if len(silent) == len(Severity) else f" for {', '.join(silent)}"
    return [
        f"intake    {settings.intake_url}  (POST /v1/alerts, /v1/alertmanager, /v1/findings,"
        " /v1/github)",
        f"pages     {settings.base_url}/incidents",
        f"token     {_token_place(settings)}  (of the sender `intake`)",
        f"Prefect   {prefect}{_how_to_sign_in()}",
        f"targets   {', '.join(sorted(settings.targets)) or 'none: `aeef init-demo` makes one'}",
        f"not configured: {', '.join(missing) or 'nothing'}",
        *said_of_all(settings),
        *([warning] if (warning := pages_lead_here(settings)) else []),
        *([f"NOBODY CAN BE PAGED{whom} until one of these is configured"] if silent else []),
        *([f"pages are kept in {kept.title}: the incident's page shows them"] if kept else []),
        *(["try it    `aeef demo`, in a second terminal"] if SAMPLE in settings.targets else []),
        *_sign_in_lines(settings),
        "ready; Ctrl-C stops everything" if ready else "running; Ctrl-C stops everything",
    ]


def _sign_in_lines(settings: Settings) -> list[str]:
    """Where the first administrator signs in, once; nobody else has given them anything yet."""
    minutes = LINK_LASTS // timedelta(minutes=1)
    person = first_admin(settings)
    if person is None:
        return ["sign in   nobody in [people] is an admin: `aeef people link NAME` makes a link"]
    try:
        link = new_link(person, settings, by="aeef up")
    except AeefError as error:
        return [f"sign in   `aeef people link` makes a link; none could be made now: {error}"]
    return [f"sign in   {link}  (as {person.called}, once, within {minutes} minutes)"]


def _how_to_sign_in() -> str:
    return "  (sign in as on the pages)" if is_embedded() else ""


def _token_place(settings: Settings) -> str:
    return "AEEF_INTAKE__TOKEN" if settings.intake.token else str(settings.home / TOKEN_FILE)


def _asking(settings: Settings) -> httpx.Client:
    """One client for all questions, as to make one takes 20 ms.

    It reads no file that a variable names: that might not be there.
    """
    return httpx.Client(base_url=settings.intake_url, timeout=10, trust_env=False)


def _problems(intake: httpx.Client) -> list[str]:
    try:
        answer = intake.get("/ready")
        problems: list[str] = answer.json()["problems"]
    except (httpx.HTTPError, ValueError, KeyError):
        return ["the intake does not answer yet"]
    return problems


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(settings.home / "up.lock", wait=False))
        except BlockingIOError:
            raise ConfigurationError(
                f"`aeef up` is already running with AEEF_HOME {settings.home}"
            ) from None
        yield


def _ports_are_free(settings: Settings) -> None:
    wanted = [(settings.intake.host, settings.intake.port, "AEEF_INTAKE__PORT")]
    if is_embedded():
        wanted.append((HOST, settings.prefect_port, "AEEF_PREFECT_PORT"))
    for host, port, setting in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise ConfigurationError(
                    f"{host}:{port} cannot be used ({error.strerror}): free it, or set {setting}"
                ) from None


@contextmanager
def _until_signal(stopping: threading.Event) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
