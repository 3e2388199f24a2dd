"""SARIF 2.1.0: the parts of a report that are needed for findings."""

from __future__ import annotations

from typing import Any

from tasks.reports.report_json import Lenient


class Message(Lenient):
    """A text, or the id of a text with its arguments."""

    text: str | None = None
    id: str | None = None
    arguments: Any = None


class Configuration(Lenient):
    """The severity of a rule, unless its result overrides it."""

    level: str | None = None


class Rule(Lenient):
    """A rule of the tool."""

    id: str = ""
    name: str | None = None
    short_description: Message | None = None
    message_strings: dict[str, Message] | None = None
    default_configuration: Configuration | None = None
    properties: dict[str, Any] | None = None


class Component(Lenient):
    """The tool or an extension, with its rules."""

    name: str
    rules: Any = None
    global_message_strings: dict[str, Message] | None = None


class Tool(Lenient):
    """The scanner."""

    driver: Component
    extensions: Any = None


class Place(Lenient):
    """An artifact, by URI or by its index in the run."""

    uri: str | None = None
    uri_base_id: str | None = None
    index: int = -1


class Artifact(Lenient):
    """A file that was scanned."""

    location: Place | None = None


class Region(Lenient):
    """A position in a file, and perhaps its text."""

    start_line: int | None = None
    snippet: Message | None = None


class Physical(Lenient):
    """A place in a file."""

    artifact_location: Place | None = None
    region: Region | None = None


class Logical(Lenient):
    """A place by name: a function, a resource, a parameter."""

    fully_qualified_name: str | None = None
    name: str | None = None


class Location(Lenient):
    """Where a result was found."""

    physical_location: Physical | None = None
    logical_locations: Any = None


class ComponentReference(Lenient):
    """Which extension a rule belongs to."""

    index: int = -1


class RuleReference(Lenient):
    """Which rule a result is about."""

    id: str | None = None
    index: int = -1
    tool_component: ComponentReference | None = None


class Suppression(Lenient):
    """A suppression of a result."""

    status: str | None = None


class Result(Lenient):
    """One result."""

    message: Message
    rule_id: str | None = None
    rule_index: int = -1
    rule: RuleReference | None = None
    kind: str = "fail"
    level: str | None = None
    locations: Any = None
    suppressions: Any = None
    baseline_state: str | None = None
    properties: dict[str, Any] | None = None


class Notification(Lenient):
    """What the tool says about its own run."""

    level: str = "warning"
    message: Message = Message()


class Invocation(Lenient):
    """One start of the tool, and how it ended."""

    execution_successful: bool | None = None
    exit_code: int | None = None
    exit_code_description: str | None = None
    exit_signal_name: str | None = None
    process_start_failure_message: str | None = None
    tool_execution_notifications: Any = None
    tool_configuration_notifications: Any = None


class Run(Lenient):
    """One run of a tool."""

    tool: Tool
    results: Any = None
    artifacts: Any = None
    original_uri_base_ids: dict[str, Place] | None = None
    invocations: Any = None
    properties: Any = None
