"""The index of a bundle: one HTML file that needs nothing else, for a person who was handed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from tasks.evidence.bundle.gather import Gathered

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ccc}
code{font-size:.85em;overflow-wrap:anywhere}
h2{margin-top:2.5rem;border-top:2px solid #444;padding-top:.5rem}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}a{color:#8cf}}
"""


def index(manifest: Mapping[str, Any], gathered: Iterable[Gathered], files: Iterable[str]) -> bytes:
    """The page. files: the names of all files so far."""
    names, all_of = sorted(files), list(gathered)
    contents = "".join(
        f'<li><a href="#{each.incident_id}">{escape(each.title)}</a>: '
        f"{escape(str(each.record.get('description', ''))[:200])}</li>"
        for each in all_of
    )
    parts = "".join(_incident(each, names) for each in all_of)
    rest = "".join(f"<li>{_link(name)}</li>" for name in names if not name.startswith("incidents/"))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evidence {escape(manifest["id"])}</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>
<h1>Evidence of {len(all_of)} incident{"" if len(all_of) == 1 else "s"}</h1>
<p>Bundle <code>{escape(manifest["id"])}</code>, made {escape(manifest["madeAt"])} by
{escape(manifest["madeBy"])} on {escape(manifest["machine"])}, with AEEF Runbooks
{escape(manifest["versions"]["aeef-runbooks"])}. Signed by the key with the SHA-256
<code>{escape(manifest["key"])}</code>.</p>
<p><strong>This page proves nothing: the script does.</strong> Run
<code>python3 verify.py BUNDLE.zip --fingerprint …</code>, with the fingerprint that you were given
by another way, and a copy of <code>verify.py</code> that you trust;
{_link("README.txt")} says more. Links to files work once the zip is unpacked.</p>
<ul>{contents}</ul>{parts}<h2>Other files</h2><ul>{rest}</ul></body></html>
""".encode()


def _incident(its: Gathered, names: list[str]) -> str:
    record = its.record
    facts = {
        "Id": str(its.incident_id),
        "Status": record["status"],
        "Detected": record["detectedAt"],
        "Resolved": record.get("resolvedAt") or "not yet",
        "Services": ", ".join(record.get("affectedServices", [])) or "none named",
        "Cause": record.get("rootCause") or "none given",
    }
    rows = "".join(
        f"<tr><th>{name}</th><td>{escape(str(v))}</td></tr>" for name, v in facts.items()
    )
    entries = "".join(
        f"<tr><td>{entry.seq}</td><td>{entry.timestamp:%Y-%m-%d %H:%M:%S}</td>"
        f"<td>{escape(entry.actor)}</td><td>{escape(entry.action)}</td></tr>"
        for entry in its.entries
    )
    folder = f"incidents/{its.incident_id}/"
    own = "".join(f"<li>{_link(name, folder)}</li>" for name in names if name.startswith(folder))
    return f"""<h2 id="{its.incident_id}">{escape(its.title)}</h2>
<p>{escape(str(record.get("description", "")))}</p><table>{rows}</table>
<h3>What happened</h3>
<table><tr><th>Entry</th><th>Time (UTC)</th><th>By</th><th>What</th></tr>{entries}</table>
<h3>Files</h3><ul>{own}</ul>"""


def _link(name: str, folder: str = "") -> str:
    return f'<a href="{escape(name)}">{escape(name[len(folder) :])}</a>'
