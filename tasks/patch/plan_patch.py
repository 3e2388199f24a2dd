"""Decides what a hotfix changes: the supplied patch, then each vulnerable package's manifests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from schemas.errors import PatchError
from schemas.findings import Finding, Package
from schemas.patch import PatchChange, TargetPatch, Unpatched
from tasks.patch.manifests.fixed_version import (
    Fixes,
    candidates,
    fixes_of,
    npm_version,
    python_version,
)
from tasks.patch.manifests.manifests import (
    ECOSYSTEMS,
    NPM,
    PYPI,
    is_manifest,
    locks_beside,
    raise_in,
)
from tasks.patch.patch_tree import Entry, PatchTree
from tasks.reports.report_files import TrackedFiles

MOST_MANIFESTS = 200
_NAMES = {
    PYPI: re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,212}[A-Za-z0-9])?"),
    NPM: re.compile(r"(?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~-][A-Za-z0-9._~-]{0,212}"),
}
_PARSE = {PYPI: python_version, NPM: npm_version}


@dataclass
class PatchPlan:
    """What was changed in the tree, what needs no change, what must be done by hand."""

    changes: list[PatchChange] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    unpatched: list[Unpatched] = field(default_factory=list)


def plan_patch(
    tree: PatchTree, findings: Sequence[Finding], patch: str | None, settings: TargetPatch
) -> PatchPlan:
    """Change the tree as far as this can be automated; give the reason for everything else.

    Raises PatchError when there is neither a finding nor a patch, or the patch does not apply.
    """
    if not findings and patch is None:
        raise PatchError(
            "there is nothing to patch: the alert names no findings and brings no patch"
            " (`details.findings`, `details.patch`)"
        )
    plan = PatchPlan()
    in_code = [each for each in findings if each.package is None]
    if patch is not None:
        _supplied(tree, patch, in_code, settings, plan)
    else:
        plan.unpatched += [_by_hand(each) for each in in_code]
    for group in _by_package(findings):
        _Package(tree, group, settings, plan).raise_it()
    return plan


def _supplied(
    tree: PatchTree,
    patch: str,
    in_code: Sequence[Finding],
    settings: TargetPatch,
    plan: PatchPlan,
) -> None:
    if not settings.supplied_patches:
        raise PatchError("the alert brings a patch, which `supplied_patches = false` refuses")
    ids = tuple(each.id for each in in_code)
    plan.changes += [PatchChange(file=name, findings=ids) for name in tree.apply(patch)]


def _by_hand(finding: Finding) -> Unpatched:
    where = f"{finding.path}:{finding.line or 1}" if finding.path else finding.where or "the code"
    return Unpatched(
        finding=finding.id,
        why=f"it is in the target's own code ({where}), and no patch came with the alert",
    )


def _by_package(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        if each.package is not None:
            kind = ECOSYSTEMS.get(each.package.ecosystem.lower(), each.package.ecosystem)
            name = each.package.name
            key = canonicalize_name(name) if kind == PYPI else name
            groups.setdefault((kind, key), []).append(each)
    return list(groups.values())


class _Package:
    """The findings of one package, which is raised once, to a version that fixes them all."""

    def __init__(
        self,
        tree: PatchTree,
        findings: Sequence[Finding],
        settings: TargetPatch,
        plan: PatchPlan,
    ) -> None:
        self._tree = tree
        self._findings = findings
        self._settings = settings
        self._plan = plan
        packages = [each.package for each in findings if each.package]
        self._package: Package = packages[0]
        self._hints = [each.manifest for each in packages if each.manifest]
        installed = [each.installed for each in packages if each.installed]
        self._installed = installed[0] if installed else None
        self._kind = ECOSYSTEMS.get(self._package.ecosystem.lower())

    def raise_it(self) -> None:
        name, kind = self._package.name, self._kind
        if kind is None:
            self._cannot(f"packages of {self._package.ecosystem[:50]!r} are not changed by itself")
            return
        if not _NAMES[kind].fullmatch(name):
            self._cannot("it names a package that cannot exist")
            return
        all_fixes, without = self._fixes(kind)
        for finding in without:
            self._cannot(f"no fixed version of {name} is known", finding)
        if all_fixes:
            self._in_manifests(kind, all_fixes, [f for f in self._findings if f not in without])

    def _fixes(self, kind: str) -> tuple[list[Fixes], list[Finding]]:
        found, without = [], []
        for each in self._findings:
            fixes = fixes_of(each.id, each.package.fixed if each.package else (), _PARSE[kind])
            if fixes.fixed:
                found.append(fixes)
            else:
                without.append(each)
        return found, without

    def _in_manifests(self, kind: str, all_fixes: list[Fixes], findings: list[Finding]) -> None:
        name, asks, reasons = self._package.name, 0, []
        changed, before = False, len(self._plan.changes)
        entries = self._tree.entries()
        for file in self._files(kind, entries):
            entry = entries[file]
            if not entry.is_plain:
                reasons.append(f"{file} is a symbolic link, which is not followed")
                asks += 1
                continue
            try:
                edit = raise_in(file, self._tree.read(entry), name, all_fixes, self._installed)
            except PatchError as error:
                reasons.append(f"{file}: {error}")
                continue
            asks += edit.asks
            reasons += [f"{file}: {why}" for why in edit.reasons]
            if not edit.changes:
                continue
            locks = locks_beside(file, kind, frozenset(entries))
            if locks and not self._settings.lock_command:
                reasons.append(
                    f"{file}: {locks[0]} has to be brought up to date with it, and no"
                    " `lock_command` is configured"
                )
                continue
            self._tree.write(file, entry, edit.text.encode())
            changed = True
            self._plan.locks += [lock for lock in locks if lock not in self._plan.locks]
            self._plan.changes += [
                PatchChange(
                    file=file, package=name, before=old, after=new,
                    findings=tuple(each.id for each in findings),
                )
                for old, new in edit.changes
            ]  # fmt: skip
        version = self._fixed_version(kind, all_fixes)
        if not asks and not reasons:
            reasons = [f"no manifest asks for {name}: it comes with another dependency"]
        for why in reasons:
            for finding in findings:
                self._cannot(why, finding, self._commands(kind, version, why))
        if asks and not reasons and not changed and before == len(self._plan.changes):
            self._plan.already.append(f"{name} is asked for in a fixed version already")

    def _files(self, kind: str, entries: dict[str, Entry]) -> list[str]:
        """The manifest that the scanner names, or the one beside a lock file it names; else all."""
        known = sorted(name for name in entries if is_manifest(name, kind))
        tracked, hinted = TrackedFiles(entries), []
        for hint in self._hints:
            # osv-scanner names files by their absolute path on the machine that it ran on.
            path = PurePosixPath(tracked.find(hint) or hint.removeprefix("./"))
            hinted += [
                name
                for name in known
                if name == path.as_posix()
                or (not is_manifest(hint, kind) and PurePosixPath(name).parent == path.parent)
            ]
        return sorted(set(hinted) or known)[:MOST_MANIFESTS]

    def _fixed_version(self, kind: str, all_fixes: list[Fixes]) -> str | None:
        found = next(candidates(all_fixes, _PARSE[kind](self._installed or "")), None)
        return str(found) if found else None

    def _commands(self, kind: str, version: str | None, why: str) -> tuple[str, ...]:
        name = shlex.quote(self._package.name)
        exact = f"{name}=={version}" if kind == PYPI else f"{name}@{version}"
        if "another dependency" in why:
            return (f"pip show {name}",) if kind == PYPI else (f"npm explain {name}",)
        if version is None:
            return ()
        if "--hash" in why:
            return (f"pip-compile --generate-hashes --upgrade-package {exact}",)
        if "lock_command" in why and kind == NPM:
            return (f"npm install --package-lock-only {exact}",)
        return ()

    def _cannot(
        self, why: str, finding: Finding | None = None, commands: tuple[str, ...] = ()
    ) -> None:
        for each in [finding] if finding else self._findings:
            self._plan.unpatched.append(Unpatched(finding=each.id, why=why, commands=commands))
