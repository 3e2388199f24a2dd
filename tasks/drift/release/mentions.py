"""The paths that a compose file mentions: what has to lie beside it for Compose to read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

_READ = ("env_file", "include", "label_file", "extends")
"""Keys whose files Compose itself reads, whatever it then does with them."""
_LONGEST = 1_000
_VARIABLE = re.compile(r"\$\{(\w+)[^}]*\}|\$(\w+)")


class Mention(NamedTuple):
    """A text that may be a path. read: Compose reads this file to know the configuration."""

    text: str
    read: bool


def mentions(content: bytes) -> Iterator[Mention]:
    """Every text in a YAML file that may be a path; none when it is no YAML: Compose will tell."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.compose_all(content, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    seen: set[tuple[int, bool]] = set()
    waiting = [(node, False) for node in documents if node is not None]
    while waiting:
        node, read = waiting.pop()
        if (id(node), read) in seen:  # an alias
            continue
        seen.add((id(node), read))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                waiting.append((value, read or key.value in _READ))
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(each, read) for each in node.value]
        elif 0 < len(node.value) <= _LONGEST and not set(node.value) & {"\0", "\n"}:
            yield Mention(node.value, read)


def variables_in(content: bytes) -> set[str]:
    """The names of the variables that a compose file takes from `.env` or from the environment."""
    text = content.decode("utf-8", "replace").replace("$$", "")
    return {first or second for first, second in _VARIABLE.findall(text)}


def as_pattern(text: str) -> str | None:
    """A path with variables as a pattern with `*` for each; None when it has none."""
    pattern, variables = _VARIABLE.subn("*", text.replace("[", "[[]"))
    return pattern if variables else None
