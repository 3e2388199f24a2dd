"""The simple commands of a command line, as far as they can be told apart. Pure functions."""

from __future__ import annotations

import re
import shlex

LONGEST = 4_000
"""Characters that are looked at: AEEF's hook writes 200 bytes."""
OPERATORS = "();|&\n"
SHELLS = ("sh", "bash", "dash", "zsh", "ksh")
DEEPEST = 3
"""Shells within shells that are looked into."""
HIDDEN = "…"
"""Stands for a word with blanks in it, a message for instance: what it says is no command."""
_BEFORE = re.compile(r"^(?:[A-Za-z_]\w*=\S* |sudo |command |exec |time )+")
_GIT_OPTIONS = re.compile(r"^git (?:-[cC] \S+ |--no-pager )+")


def commands_in(text: str, deep: int = 0) -> list[str]:
    """Each simple command with one blank between its words, without quotes; the rest of a cut one.

    `cd x && git -C y push "origin" main; echo "git push"` is `cd x`, `git push origin main` and
    `echo …`. What `bash -c` and `eval` are given follows them. What a here document holds is left
    out.
    """
    reader = shlex.shlex(text[:LONGEST], posix=True, punctuation_chars=OPERATORS)
    reader.whitespace, reader.whitespace_split, reader.commenters = " \t\r", True, ""
    found: list[list[str]] = [[]]
    try:
        for word in reader:
            if word.startswith("<<"):
                break
            if word and not set(word) - set(OPERATORS):
                found.append([])
            else:
                found[-1].append(word)
    except ValueError:  # a quotation that does not end: what it began with is no word of ours
        found[-1].append(f"{reader.token} ")
    commands = []
    for words in filter(None, found):
        shown = [word if word and not re.search(r"\s", word) else HIDDEN for word in words]
        commands.append(_bare(" ".join(shown)))
        given = _given(words[len(words) - len(commands[-1].split(" ")) :])
        if given and deep < DEEPEST:
            commands += commands_in(given, deep + 1)
    return commands


def _given(words: list[str]) -> str:
    """The command line that a shell, or `eval`, is given in these words; empty: none."""
    name, rest = words[0].rpartition("/")[2], words[1:]
    if name == "eval":
        return " ".join(rest)
    if name in SHELLS:
        for at, word in enumerate(rest):
            if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
                return " ".join(rest[at + 1 : at + 2])
            if not word.startswith("-"):
                break
    return ""


def _bare(command: str) -> str:
    """Without what only stands before a command, and without git's own options."""
    return _GIT_OPTIONS.sub("git ", _BEFORE.sub("", command, count=1), count=1)
