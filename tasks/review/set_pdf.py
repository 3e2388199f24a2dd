"""A program of its own: sets a review's document as PDF, and needs nothing of ours.

Typst keeps what it has set, hundreds of megabytes: this process ends, and the intake's stays small.
A character that none of the fonts here has would be an empty box. It is written by its number
instead, `⟨U+6F22⟩`, and the first page says so: nothing is left out in silence.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Mapping, Set
from itertools import product
from pathlib import Path
from typing import Any

import typst

TEMPLATE = Path(__file__).parent / "templates" / "review.typ"
STANDARD: typst.PDFStandard = "ua-1"
"""PDF/UA-1, tagged for readers of any kind; it is also what refuses a character without a font."""
MOST_TRIED = 3000
"""Different characters whose fonts are looked for, about 1 ms each; others go by their number."""
MOST_ROUNDS = 50
_ONE = b'#set document(title: "x")\n#sys.inputs.text'
_HAS_NO_FONT = re.compile(r"the text `(\".*\")` could not be displayed", re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
"""As Rust writes what cannot be printed."""
BY_NUMBER = (
    "Characters for which no font is installed where this was made stand as their numbers,"
    " ⟨U+…⟩; the HTML and Markdown exports have them."
)


class NotSet(Exception):
    """It could not be set."""


def main() -> None:
    """Read the document from stdin, write the PDF to stdout; exit code 1: stderr says why not."""
    try:
        made = set_as_pdf(json.load(sys.stdin.buffer))
    except NotSet as error:
        sys.exit(f"{error}")
    sys.stdout.buffer.write(made)


def set_as_pdf(document: Mapping[str, Any]) -> bytes:
    """The PDF. Raises NotSet, whose text names nothing of the document."""
    compiler = typst.Compiler(root=TEMPLATE.parent)
    unknown: set[str] = set()
    for _ in range(MOST_ROUNDS):
        shown = with_numbers(document, unknown)
        try:
            return _made(shown, compiler)
        except typst.TypstError as error:
            more = _at_fault(_named_in(str(error)), shown, compiler) - unknown
            if not more:
                raise NotSet(f"{_first_words(error)}") from None
        unknown |= more if unknown else more | without_font(document, compiler)
    raise NotSet("too many characters have no font here")


def with_numbers(document: Mapping[str, Any], unknown: Set[str]) -> dict[str, Any]:
    """The document with these characters as their numbers, which its first page then says."""
    return {**_numbered(document, unknown), "by_number": BY_NUMBER if unknown else ""}


def _made(document: Mapping[str, Any], compiler: typst.Compiler) -> bytes:
    made = compiler.compile(
        input=TEMPLATE.read_bytes(),
        sys_inputs={"document": json.dumps(document, ensure_ascii=False)},
        pdf_standards=[STANDARD],
    )
    assert isinstance(made, bytes)
    return made


def without_font(document: Mapping[str, Any], compiler: typst.Compiler) -> set[str]:
    """The characters that no font here has, each tried by itself."""
    text = json.dumps(document, ensure_ascii=False)
    found = sorted({each for each in text if not each.isascii()})
    tried, others = found[:MOST_TRIED], found[MOST_TRIED:]
    return {*others, *(each for each in tried if not _has_font(each, compiler))}


def _has_font(text: str, compiler: typst.Compiler) -> bool:
    try:
        compiler.compile(input=_ONE, sys_inputs={"text": text}, pdf_standards=[STANDARD])
    except typst.TypstError:
        return False
    return True


def _named_in(error: str) -> set[str]:
    """The characters that an error names as such that no font has."""
    named = _HAS_NO_FONT.search(error)
    if named is None:
        return set()
    return set(_ESCAPED.sub(lambda each: chr(int(each[1], 16)), named[1][1:-1]))


def _at_fault(named: Set[str], document: Mapping[str, Any], compiler: typst.Compiler) -> set[str]:
    """What has no font: of a character that has one, the marks on it, which typst does not name.

    Where no mark explains it, the character that was named after all.
    """
    text = json.dumps(document, ensure_ascii=False)
    marks = {each for each in text if unicodedata.category(each).startswith("M")}
    alone = {each for each in named if not _has_font(each, compiler)}
    on_others = {
        mark
        for base, mark in product(named - alone, marks)
        if not _has_font(f"{base}{mark}", compiler)
    }
    return alone | on_others or set(named)


def _numbered(value: Any, unknown: Set[str]) -> Any:
    if isinstance(value, str):
        return "".join(f"⟨U+{ord(c):04X}⟩" if c in unknown else c for c in value)
    if isinstance(value, list):
        return [_numbered(each, unknown) for each in value]
    return {name: _numbered(each, unknown) for name, each in value.items()}


def _first_words(error: typst.TypstError) -> str:
    """What is wrong, without what somebody wrote: that may stand in quotation marks."""
    return str(error).partition("`")[0][:100].strip()


if __name__ == "__main__":
    main()
