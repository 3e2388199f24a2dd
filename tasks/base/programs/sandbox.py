"""Runs a program that nobody has approved: without network, secrets, and other people's files.

bubblewrap (`bwrap`) gives it namespaces of its own: https://github.com/containers/bubblewrap.
It sees a read-only system and one folder that it may write, and nothing of it outlives its end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from schemas.errors import ConfigurationError
from tasks.base.programs.output import Watch
from tasks.base.run_command import Finished, run_command

TREE = "/tree"
"""Where the program finds its folder."""
MOST_SAID = 16_000_000
NOBODY = 65_534
"""Who root becomes in there: root is exempt from a limit on processes, and owns what is root's."""
_LARGEST_FILE = 2_000_000_000
_LEAST_FREE = 1_000_000_000
"""So many bytes of the disk are not for it, or half of what is free when it starts."""
_PROBE_SECONDS = 20.0
_FIRST = ("sh", "-c", '"$@"; exit $?', "sh")
"""The first process in there, which takes the end of every orphan. When it ends, Linux kills all
others before anybody learns of it (pid_namespaces(7)). The one that bwrap puts there by itself says
that the program has ended, and ends after it: what the program left goes on meanwhile.
"""
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    "alternatives", "ca-certificates.conf", "debian_version", "default/locale", "fonts", "gai.conf",
    "group", "host.conf", "java-11-openjdk", "java-17-openjdk", "java-21-openjdk", "ld.so.cache",
    "ld.so.conf", "ld.so.conf.d", "localtime", "magic", "mime.types", "nsswitch.conf", "os-release",
    "passwd", "pki/tls/certs", "profile", "protocols", "services", "ssl/certs", "ssl/openssl.cnf",
    "terminfo", "timezone",
)  # fmt: skip
"""What programs look for in /etc, and is no secret."""
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/tmp",  # noqa: S108 - its own, in there
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True)
class Sandbox:
    """A folder for programs that nobody has approved.

    tree: the only folder that they may write. kept: files in it that they may only read.
    read_only: more that they may read, at the same path. memory: bytes, together.
    processes: how many at once. hidden: a folder of which nothing may be in there.
    """

    tree: Path
    hidden: Path
    kept: tuple[str, ...] = ()
    read_only: tuple[Path, ...] = ()
    memory: int = 4_000_000_000
    processes: int = 512

    def run(self, argv: Sequence[str], timeout: float, pid_file: Path | None = None) -> Finished:
        """Run it in there. Raises ConfigurationError when `read_only` would show `hidden`."""
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise ConfigurationError("there is no bwrap: install the package bubblewrap")
        self._refuse_hidden()
        if os.geteuid() == 0:
            _give_to_nobody(self.tree)
        return run_command(
            [bwrap, *self._walls(), "--as-pid-1", "--", *self._bounds(), *_FIRST, *argv],
            cwd=Path("/"),
            timeout=timeout,
            env=_ENVIRONMENT,
            only_env=True,
            pid_file=pid_file,
            called=" ".join(argv)[:200],
            grace=0,
            most=MOST_SAID,
            watch=self._watch(),
        )

    def _refuse_hidden(self) -> None:
        hidden = self.hidden.resolve()
        for path in self.read_only:
            shown = path.resolve()
            if hidden.is_relative_to(shown) or shown.is_relative_to(hidden):
                raise ConfigurationError(
                    f"[security.sandbox] read_only names {path}, which would show {self.hidden}"
                )

    def _walls(self) -> Iterator[str]:
        yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts")
        yield from ("--unshare-cgroup-try", "--die-with-parent", "--new-session")
        if os.geteuid() != 0:
            yield from ("--unshare-user", "--disable-userns")
        for place in map(Path, _SYSTEM):
            if place.is_symlink():
                yield from ("--symlink", os.readlink(place), str(place))  # noqa: PTH115 - as it is
            elif place.is_dir():
                yield from ("--ro-bind", str(place), str(place))
        for name in _ETC:
            yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
        yield from ("--proc", "/proc", "--dev", "/dev")
        for folder in ("/dev/shm", "/tmp"):  # noqa: S108 - its own
            yield from ("--perms", "1777", "--size", str(self.memory // 4), "--tmpfs", folder)
        for path in self.read_only:
            yield from ("--ro-bind", str(path), str(path))
        yield from ("--bind", str(self.tree), TREE)
        for name in self.kept:
            yield from ("--ro-bind", str(self.tree / name), f"{TREE}/{name}")
        # What bwrap itself made is memory too, and has no limit.
        yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", TREE)

    def _bounds(self) -> Iterator[str]:
        if os.geteuid() == 0:
            yield from ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
            yield from ("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--")
        yield from ("nice", "-n", "10", "choom", "-n", "1000", "--", "prlimit")
        yield from (f"--nproc={self.processes}", "--core=0", f"--fsize={_LARGEST_FILE}")
        yield from (f"--data={self.memory}", "--")

    def _watch(self) -> Watch:
        """What is counted for all its processes together."""
        least = min(_LEAST_FREE, shutil.disk_usage(self.tree).free // 2)

        def look(pid: int) -> str | None:
            if shutil.disk_usage(self.tree).free < least:
                return f"left less than {least // 1_000_000} MB free on the disk"
            used = sum(map(_memory_of, _family_of(pid)))
            if used > self.memory:
                return f"used more than {self.memory // 1_000_000} MB of memory"
            return None

        return look


def sandbox_problem(hidden: Path) -> str | None:
    """Why no sandbox works here; None when one does. Found out by trying, not by looking.

    hidden: a folder of ours, of which nothing may be seen in there.
    """
    if shutil.which("bwrap") is None:
        return "there is no bwrap: install the package bubblewrap"
    with tempfile.TemporaryDirectory(prefix="aeef-sandbox-") as folder:
        box = Sandbox(Path(folder), hidden)
        finished = box.run(("sh", "-c", _PROBE, "probe", str(hidden)), _PROBE_SECONDS)
    if finished.problem is None and finished.output.strip() == _WORKS:
        return None
    said = " ".join(finished.tail.split())[:300]
    return f"bwrap: {said or finished.problem}"


_WORKS = "it holds"
_PROBE = f"""
echo x > mine || {{ echo its own folder cannot be written; exit 1; }}
if [ -e "$1" ]; then echo "$1 can be seen"; exit 1; fi
if (echo x > /usr/aeef-probe) 2>/dev/null; then echo the system can be written; exit 1; fi
if [ "$(grep -c : /proc/net/dev)" -gt 1 ]; then echo there is a network; exit 1; fi
if [ "$(ls /proc | grep -c '^[0-9]')" -gt 9 ]; then echo other processes can be seen; exit 1; fi
echo {_WORKS}
"""


def _give_to_nobody(tree: Path) -> None:
    """Root's folder to who root becomes: `setpriv` takes away what would let it in."""
    os.lchown(tree, NOBODY, NOBODY)
    for folder, folders, files in os.walk(tree):
        for name in (*folders, *files):
            os.lchown(Path(folder, name), NOBODY, NOBODY)


def _family_of(pid: int) -> list[psutil.Process]:
    """The processes in there: children of the program, which leave its family by no means."""
    with suppress(psutil.Error):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def _memory_of(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
