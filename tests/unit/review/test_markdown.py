"""The file to edit: what is written into it is what is read from it, and nothing is lost."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from schemas.errors import InvalidInput
from schemas.incident import Incident, Severity
from schemas.model import utc_now
from schemas.review import Answer, Facts, Form, Review, normal_text, questions_of
from tasks.review.markdown import as_markdown, from_markdown

LINES = some.sampled_from(
    [
        "<!-- review:defect revision=1 text=0123456789abcdef -->",
        "\\<!-- review:defect -->",
        "\\\\<!-- end of the review -->",
        "<!-- end of the review -->",
        "<!-- The defect, what was seen of it, the change that brought it in. -->",
        "## 1. The defect",
        "<!-- From the record: it was x -->",
        "<<<<<<< yours",
        ">>>>>>> written meanwhile by bo",
        "# Title",
        "```",
        "- a list",
        "    code",
        "",
        "\\",
    ]
)
TEXTS = some.lists(LINES | some.text(max_size=30), max_size=8).map("\n".join).map(normal_text)
FREE = [each.name for each in questions_of(Form.FULL) if not each.choices]


def review_of(texts: dict[str, str], of: UUID | None = None) -> Review:
    """A review with these texts."""
    answers = {
        name: Answer(text=text, actor="ann (token)", at=utc_now(), revision=3)
        for name, text in texts.items()
    }
    of = of or uuid4()
    return Review(incident_id=of, form=Form.FULL, due_at=utc_now(), texts=answers)


def incident_of(review: Review, description: str = "") -> Incident:
    """Its incident."""
    return Incident(
        incident_id=review.incident_id,
        severity=Severity.P1,
        type="drift",
        description=description,
        detected_at=utc_now(),
        affected_services=["shop --> x"],
    )


def file_of(review: Review) -> str:
    """The file that somebody edits."""
    return as_markdown(review, incident_of(review))


@given(some.dictionaries(some.sampled_from(FREE), TEXTS, max_size=4))
def test_what_is_written_is_what_is_read(texts: dict[str, str]) -> None:
    """Whatever the texts, also those that look like our own lines; and nothing is changed."""
    review = review_of(texts)
    found = from_markdown(file_of(review), review)

    assert {each.name for each in questions_of(Form.FULL)} == set(found)
    assert texts == {name: found[name].text for name in texts}
    assert not any(each.is_changed for each in found.values())
    assert {3} >= {found[name].revision for name in texts}


def test_only_what_was_changed_counts_as_changed() -> None:
    """And it says which revision its writer saw."""
    review = review_of({"impact": "none", "defect": "an index"})
    edited = file_of(review).replace("an index", "an index\n\n## Seen\nIt was missing.  ")
    found = from_markdown(edited, review)

    assert ["defect"] == [name for name, each in found.items() if each.is_changed]
    assert ("an index\n\n## Seen\nIt was missing.", 3) == found["defect"][:2]


def test_two_texts_are_refused_until_there_is_one() -> None:
    """Both are in the file; then the one that its writer leaves is saved over the newer one."""
    review = review_of({"defect": "theirs\n# x"})
    both = as_markdown(review, incident_of(review), mine={"defect": "mine\n- y"})
    with pytest.raises(InvalidInput, match="has two texts"):
        from_markdown(both, review)
    marks = ("<<<<<<< yours", "=======", ">>>>>>> written meanwhile by ann (token)")
    merged = "\n".join(line for line in both.split("\n") if line not in marks)
    found = from_markdown(merged, review)

    assert ("mine\n- y\ntheirs\n# x", 3) == found["defect"][:2]
    assert ["defect"] == [name for name, each in found.items() if each.is_changed]


def test_what_the_record_proposes_is_not_a_text() -> None:
    """It is there to read, as long as nobody wrote anything."""
    facts = Facts(
        drafted_at=utc_now(), sections={"summary": [{"text": "P1 --> of\nshop"}], "impact": 7}
    )
    review = review_of({"impact": "none"}).model_copy(update={"facts": facts})
    text = file_of(review)
    found = from_markdown(text, review)

    assert "<!-- From the record: P1 - -> of shop -->" in text
    assert ("", False) == (found["summary"].text, found["summary"].is_changed)


def test_windows_line_ends_and_a_lost_end_do_not_matter() -> None:
    """Editors do that."""
    review = review_of({"defect": "one\ntwo"})
    text = file_of(review).replace("<!-- end of the review -->\n", "").replace("\n", "\r\n")
    found = from_markdown(text, review)

    assert not any(each.is_changed for each in found.values())


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text.replace("review:defect", "review:motive"), "motive"),
        (lambda text: text.replace("review:impact", "review:defect"), "twice"),
        (lambda text: "my summary\n" + text.partition("\n")[2], "before the first question"),
        (lambda _text: "", "no question"),
        (lambda text: text.replace(text[24:60], str(uuid4())), "review of incident"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(spoil: object, says: str) -> None:
    """Nothing of it is saved."""
    review = review_of({"defect": "one"})
    assert callable(spoil)
    with pytest.raises(InvalidInput, match=says):
        from_markdown(spoil(file_of(review)), review)
