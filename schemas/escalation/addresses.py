"""Addresses for Apprise: which of them ring somebody, and which are refused.

Their names are those of Apprise's plugins: https://appriseit.com/services/
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

_PHONES = {
    "46elks", "800com", "atalk", "bulksms", "bulkvs", "burstsms", "clickatell", "clicksend",
    "d7sms", "eight00com", "elks", "exotel", "freemobile", "httpsms", "kavenegar", "msg91",
    "msgbird", "nexmo", "notifyre", "octopush", "plivo", "serwersms", "seven", "sfr", "sinch",
    "smsc", "smseagle", "smseagles", "smsmanager", "smsmgr", "sns", "twilio", "voipms",
    "vonage",
}  # fmt: skip
_PUSH = {
    "bark", "barks", "chanify", "gotify", "gotifys", "join", "ntfy", "ntfys", "pbul", "pjet",
    "pjets", "pover", "prowl", "psafer", "psafers", "push", "pushdeer", "pushdeers", "pushed",
    "pushme", "pushy", "spush",
}  # fmt: skip
_ON_CALL = {"opsgenie", "pagerduty", "pagertree", "signl4", "spike", "splunk", "victorops"}
RING = frozenset(_PHONES | _PUSH | _ON_CALL)
"""Calls, SMS, what is pushed to a phone, on-call services. All others only tell: e-mail, chats,
webhooks. What is not listed here is not said to ring anybody."""

ON_THIS_MACHINE = frozenset({"dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""They start programs here or speak to this machine's desktop; they reach nobody elsewhere."""
FILE_PARAMETERS = frozenset({"attach", "keyfile", "pgpkey", "pgpprv", "pgppub", "subfile"})
"""Query parameters that make a plugin read a file of this machine."""
TEMPLATE_FILES = frozenset({"discord", "guilded", "slack", "tgram", "workflow", "workflows"})
"""Plugins whose `template` is a file; that of others is a name at their service."""

_SCHEME = re.compile(r"([A-Za-z0-9][A-Za-z0-9.+-]*)://\S")


def scheme_of(address: str) -> str:
    """The plugin's name: `twilio` of `twilio://…`. Raises ValueError, without the address."""
    found = _SCHEME.match(address.strip())
    if found is None:
        raise ValueError("an address for Apprise begins with a service: ntfys://…, twilio://…")
    return found[1].lower()


def rings(address: str) -> bool:
    """True when this address is one that rings somebody, as far as is known."""
    return scheme_of(address) in RING


def check_address(address: str) -> str:
    """The address. Raises ValueError, which repeats nothing secret, when it is refused."""
    scheme = scheme_of(address)
    if scheme in ON_THIS_MACHINE:
        raise ValueError(f"{scheme}:// reaches nobody but this machine, and is refused")
    named = {name.lower() for name, _ in parse_qsl(address.partition("?")[2], True)}
    refused = named & FILE_PARAMETERS
    if scheme in TEMPLATE_FILES:
        refused |= named & {"template"}
    if refused:
        raise ValueError(f"{scheme}:// with {', '.join(sorted(refused))}= reads a file: refused")
    return address.strip()
