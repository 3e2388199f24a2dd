"""Package URLs (`pkg:pypi/requests@2.31.0`): https://github.com/package-url/purl-spec."""

from __future__ import annotations

from packageurl import PackageURL

from schemas.findings import Package, ecosystem_of
from tasks.reports.report_json import text

_SEPARATORS = {"maven": ":"}
"""Between a namespace and a name; `/` everywhere else."""
_SYSTEMS = {"deb", "rpm", "apk", "alpm"}
"""Their namespace is the distribution, which is no part of the package's name."""
_LONGEST = 2_000


def package_of(url: str | None) -> Package | None:
    """The package that a package URL names; None when it is none."""
    if not url or len(url) > _LONGEST:
        return None
    try:
        found = PackageURL.from_string(url)
    except ValueError:
        return None
    name = found.name
    if found.namespace and found.type not in _SYSTEMS:
        name = f"{found.namespace}{_SEPARATORS.get(found.type, '/')}{name}"
    return Package(
        name=text(name, 300) or "unnamed",
        ecosystem=text(ecosystem_of(found.type[:50]), 50),
        installed=text(found.version, 200) or None,
    )
