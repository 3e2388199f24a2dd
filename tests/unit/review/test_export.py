"""A review to take away: what people wrote is shown as they wrote it, and nothing of it is run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from schemas.incident import Incident, IncidentType, Severity
from schemas.review import Answer, Facts, Form, Review, questions_of
from tasks.review.document import Taken, document_of
from tasks.review.export_html import as_html
from tasks.review.export_markdown import as_report
from tasks.review.parts import parts_of
from tasks.review.set_pdf import BY_NUMBER, set_as_pdf, with_numbers, without_font
from tasks.review.shown import ShownQuestion, ShownReview

AT = datetime(2026, 11, 27, 14, 3, tzinfo=UTC)
UNASSIGNED = "\u0378"
"""No font has it: Unicode has not given it to anybody."""
EVIL = "<script>alert(1)</script> #panic() *a* _b_ $x$ [c](javascript:d) {{ 7 * 7 }} \\ `e`"


def document(text: str, incident_type: IncidentType = IncidentType.SECURITY) -> dict[str, Any]:
    """One whose every text is this one."""
    incident = Incident(
        incident_id=uuid4(),
        number=7,
        type=incident_type,
        severity=Severity.P3,
        description=text,
        detected_at=AT,
        affected_services=[text[:50] or "shop"],
    )
    facts = Facts(drafted_at=AT, sections={"people": [{"text": text, "by": text, "entry": 3}]})
    review = Review(incident_id=incident.incident_id, form=Form.SHORT, due_at=AT, facts=facts)
    answer = Answer(text=text, actor=text, at=AT, revision=1)
    shown = ShownReview(
        incident=incident,
        review=review,
        questions=[ShownQuestion(each, answer) for each in questions_of(Form.SHORT)],
        facts=parts_of(facts),
        actions=[],
        missing=[],
        now=AT,
    )
    url = f"http://127.0.0.1:8180/incidents/{incident.incident_id}"
    return document_of(shown, Taken("aud (token)", AT, url, 12, "0" * 64))


def test_html_opens_offline_and_runs_nothing() -> None:
    """One file: no script, no picture, no style from elsewhere."""
    html = as_html(document(EVIL))

    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html
    assert not {"src=", "@import", "url("} & {word for word in html.split() if "=" in word}
    assert 'href="http://127.0.0.1:8180/incidents/' in html


def test_markdown_shows_what_is_not_an_answer_literally() -> None:
    """An answer is Markdown, as its writer meant it; what came from outside is not."""
    text = as_report(document("a *b* [c](javascript:d)"))
    html = MarkdownIt().render(text)

    assert "> a *b* [c](javascript:d)\n\nWritten by" in text
    assert "<li>Reported: a *b* [c](javascript:d)</li>" in html


@pytest.mark.parametrize("begin", ["## From the record", "<!--", "```", "<script>", "x\n==="])
def test_an_answer_forges_no_part_of_the_document_and_hides_none(begin: str) -> None:
    """Whatever it begins ends with it."""
    forged = MarkdownIt().render(as_report(document(f"x\n{begin}\n\nNobody typed this.")))
    plain = MarkdownIt().render(as_report(document("x")))

    def headings(html: str) -> list[str]:
        alone = re.sub(r"<blockquote>.*?</blockquote>", "", html, flags=re.DOTALL)
        return re.findall(r"<h\d>.*?</h\d>", alone)

    assert headings(plain)[1:] == headings(forged)[1:]


def test_pdf_is_made_of_anything() -> None:
    """No text is read as markup; it is tagged for readers of any kind."""
    made = set_as_pdf(document(f"{EVIL} Łódź Ελλάδα Москва\n\n= no heading\n- no list {'x' * 300}"))

    assert made.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in made


def test_a_character_without_a_font_is_there_by_its_number() -> None:
    """What has a font stays, the first page says so, and the PDF is made."""
    given = document(f"Łódź {UNASSIGNED}")
    unknown = without_font(given, typst.Compiler())

    assert {UNASSIGNED} == unknown
    shown = with_numbers(given, unknown)
    assert "Łódź ⟨U+0378⟩" == shown["questions"][0]["text"]
    assert ("", BY_NUMBER) == (with_numbers(given, set())["by_number"], shown["by_number"])
    assert set_as_pdf(given).startswith(b"%PDF-")


@pytest.mark.parametrize("text", ["\u1ab0", "a\u1ab0b", "\u20dd", "\u1ab0\u0378", "e\u0301\u1ab0"])
def test_a_mark_that_no_font_has_stands_as_its_number(text: str) -> None:
    """Typst names the character before it, which has one."""
    assert set_as_pdf(document(text)).startswith(b"%PDF-")


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=200))
def test_every_text_can_be_set(text: str) -> None:
    """Whatever somebody wrote, in whichever script."""
    assert set_as_pdf(document(text)).startswith(b"%PDF-")


def test_a_breach_says_that_it_is_restricted() -> None:
    """At the top of each export."""
    breach = document("who", IncidentType.DATA_BREACH)

    assert "Restricted" in as_html(breach).partition("<dl>")[0]
    assert "Restricted" in as_report(breach).partition("## Review")[0]
    assert "Restricted" not in as_html(document("who"))
