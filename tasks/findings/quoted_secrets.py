"""Whether what a scanner says about a finding may quote a secret."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"secret|passw|credential|token|api.?key|private.?key|access.?key|hard.?coded|gitleaks|"
    r"trufflehog|cwe-(?:256|259|312|321|522|540|615|798)\b",
    re.IGNORECASE,
)


def may_quote_secret(*about: str) -> bool:
    """True when the rule or its message mentions secrets: as Bandit's B105, it may quote one."""
    return bool(_SECRET.search(" ".join(about)))
