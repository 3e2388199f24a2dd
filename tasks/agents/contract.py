"""Reads an agent's contract from a file of its own: JSON, YAML, or the Markdown of AEEF's tools."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from schemas.agents import Contract
from schemas.errors import InvalidInput
from schemas.settings import Target
from schemas.validation import read_json
from tasks.agents.plain_yaml import read_plain_yaml
from tasks.target.open_file import inside, open_file

LARGEST_CONTRACT = 1_000_000
"""Bytes."""
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_ITEM = re.compile(r"[-*+]\s+(?:\[[ xX]\]\s+)?(.*)")
_LISTS = {
    "forbidden actions": "forbidden_actions",
    "prohibited actions": "forbidden_actions",
    "allowed inputs": "allowed_inputs",
    "allowed outputs": "allowed_outputs",
    "required checks": "required_checks",
}
_TEXTS = {"role owner": "role_owner", "trust level": "trust_level"}


def is_yaml(name: str) -> bool:
    """True for the name of a YAML file."""
    return name.lower().endswith((".yaml", ".yml"))


def read_contract(target: Target, name: str, agent_id: str) -> Contract:
    """The contract in a file of the target's repository.

    Raises InvalidInput when it cannot be read, says nothing of what is forbidden, or is another
    agent's.
    """
    path = target.repository / name
    try:
        contract = Contract.model_validate(_data(name, contract_bytes(target, name)))
    except ValidationError as error:
        found = error.errors(include_input=False)
        why = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:5])
        raise InvalidInput(f"the contract {path} cannot be used: {why}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the contract {path} cannot be used: {error}") from None
    if contract.agent_id not in (None, agent_id):
        raise InvalidInput(f"the contract {path} is that of agent '{contract.agent_id}'")
    return contract


def contract_bytes(target: Target, name: str) -> bytes:
    """The file's content. Raises InvalidInput when it cannot be read, or is no contract's size."""
    path = target.repository / name
    try:
        with open_file(inside(target, name)) as file:
            content = file.read(LARGEST_CONTRACT + 1)
    except FileNotFoundError:
        raise InvalidInput(f"there is no contract {path}") from None
    except OSError as error:
        raise InvalidInput(f"the contract {path} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_CONTRACT:
        raise InvalidInput(f"the contract {path} is larger than {LARGEST_CONTRACT} bytes")
    return content


def _data(name: str, content: bytes) -> dict[str, Any]:
    if name.lower().endswith(".md"):
        data: Any = _of_markdown(content.decode())
    elif is_yaml(name):
        data = read_plain_yaml(content).data
    else:
        data = read_json(content, LARGEST_CONTRACT)
    if not isinstance(data, dict):
        raise ValueError("it is no contract")  # noqa: TRY004
    if not {"forbidden_actions", "forbiddenActions"} & data.keys():
        raise ValueError("it does not say what is forbidden")
    return data


def _of_markdown(text: str) -> dict[str, Any]:
    """What stands below the headings of a contract as AEEF's command-line tools install it."""
    found: dict[str, Any] = {}
    for heading, lines in _sections(text):
        for begins, name in _LISTS.items():
            if heading.startswith(begins):
                found[name] = [match[1] for line in lines if (match := _ITEM.fullmatch(line))]
        for begins, name in _TEXTS.items():
            if heading.startswith(begins) and lines:
                found[name] = lines[0]
    if level := found.get("trust_level"):
        found["trust_level"] = level.split()[0].lower()
    return found


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    heading, lines = "", list[str]()
    for line in filter(None, map(str.strip, text.splitlines())):
        if match := _HEADING.fullmatch(line):
            yield heading, lines
            heading, lines = match[1].casefold(), []
        else:
            lines.append(line)
    yield heading, lines
