"""Texts as templates: what their author is told, and what has to be made for the shipped flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.flow_file import FlowFile
from engine.effects import Filled, Say
from engine.errors import FlowError
from engine.events import Value
from engine.snapshot import Snapshot
from flows.templates import frames_for, templates_for, unapproved
from flows.texts import Language, Texts, line
from flows.vocabulary import load_understanding
from storage.contents import StoredContent

ROOT = Path(__file__).parents[2]
GOOD = """\
options:
  yes: Yes
templates:
  news: UTILITY
examples:
  who: Maria
  what: tea
texts:
  news: Dear {who}, we have some news about {what} for you.
  other: Anything
"""
NEWS = "Dear {who}, we have some news about {what} for you."


@pytest.mark.parametrize(
    ("old", "new", "place", "issue"),
    [
        (NEWS, "'{who}, we have some news about {what} for you.'", "10:3", "place-at-the-edge"),
        (NEWS, "Dear {who}, we have some news for you about {what}.", "10:3", "place-at-the-edge"),
        (NEWS, "Dear {who} {what}, we have some news for you.", "10:3", "places-side-by-side"),
        (NEWS, "Dear {who}, news about {what} again.", "10:3", "few-words"),
        (NEWS, "Dear {who},      we have some news about {what} for you.", "10:3", "blanks-in-template"),
        (NEWS, f"Dear {{who}}, we have some news about {{what}} {'x' * 1_000}.", "10:3", "long-template"),
        (NEWS, f"Dear {{who}}, we have some news about {{what}} {'x' * 800}.", "10:3", "long-template"),
        ("  who: Maria\n", "", "9:3", "no-example"),
        ("news: UTILITY", "nesw: UTILITY", "5:3", "unknown-text"),
        ("news: UTILITY", "news: UTILTIY", "5:9", "unknown-category"),
        ("yes: Yes", "yes: Yes, with the greatest pleasure", "2:3", "long-title"),
    ],
)
def test_what_whatsapp_would_refuse_is_told_to_its_author(
    tmp_path: Path, old: str, new: str, place: str, issue: str
) -> None:
    text = GOOD.replace("options:", "# Words\noptions:", 1).replace(old, new)
    place = "3:3" if issue == "long-title" else place
    (tmp_path / "en.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FlowError) as refused:
        Texts.load(tmp_path)
    assert f"{tmp_path.name}/en.yaml:{place}: {issue}: " in str(refused.value)


def test_many_places_are_told(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(101)]
    text = "news: a b c " + " and ".join(f"{{{name}}}" for name in names) + " d"
    (tmp_path / "en.yaml").write_text(GOOD.replace(f"news: {NEWS}", text), encoding="utf-8")
    with pytest.raises(FlowError, match="many-places"):
        Texts.load(tmp_path)


def test_another_language_has_templates_of_the_same_texts_and_examples_of_its_own(tmp_path: Path) -> None:
    german = GOOD.replace("templates:\n  news: UTILITY\n", "").replace(NEWS, "Neu wegen {who} und {what}")
    (tmp_path / "en.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "de.yaml").write_text(german, encoding="utf-8")
    with pytest.raises(FlowError, match=r"de.yaml:7:3: place-at-the-edge"):
        Texts.load(tmp_path)
    (tmp_path / "de.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(FlowError, match=r"de.yaml:4:3: templates-elsewhere"):
        Texts.load(tmp_path)


def test_a_good_file_loads(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(GOOD, encoding="utf-8")
    assert Texts.load(tmp_path).templates == {"news": "UTILITY"}


TEXTS = Texts(
    {
        "en": Language(
            {"news": "A word: {what} of {what} and {who} now", "row": "{x}!", "ask": "?"}, {"yes": "Y"}
        )
    },
    {"news": "UTILITY"},
)


def test_what_a_template_needs_is_kept_of_a_text_said_by_itself() -> None:
    values: dict[str, Value] = {"what": [line("row", x=1), "2"], "who": None}
    (message,), _ = TEXTS.speak("fr", Snapshot(state="s"), [Say("news", values)])
    assert message.text == "A word: 1!\n2 of 1!\n2 and  now"
    assert message.template == Filled("news", "en", {"what": "1!\n2", "who": ""})


def test_nothing_is_kept_of_other_texts_nor_of_two_at_once() -> None:
    for says in ([Say("ask")], [Say("news"), Say("ask")], [Say("ask"), Say("news")]):
        (message,), _ = TEXTS.speak("en", Snapshot(state="s"), says)
        assert message.template is None


@pytest.fixture(scope="module")
def shipped() -> FlowFile:
    vocabulary = load_understanding().vocabulary
    return FlowFile(ROOT / "flows.yaml", ROOT / "flows" / "texts", vocabulary)


def test_the_shipped_flows_need_these_templates(shipped: FlowFile) -> None:
    found = {one.key: one for one in templates_for(shipped.flows, shipped.texts)}
    assert set(found) == set(shipped.texts.templates)
    request = found["new_request"]
    assert request.body.startswith("New request #{{1}} from {{2}}:\n{{3}}\nPlease answer by {{4}}")
    assert request.places == ("request", "client", "summary", "deadline")
    assert request.buttons == (("approve", "Approve"), ("decline", "Decline"), ("propose", "Other times"))
    assert found["person_in_danger"].buttons == (("acknowledge", "I take care of it"),)
    assert found["approved"].buttons == ()


def test_what_is_not_approved_in_any_version_is_told(shipped: FlowFile) -> None:
    made = [
        StoredContent(
            name=f"{key}{number}",
            sid="HX",
            kind="template",
            text_key=key,
            language="en",
            approval=approval,
            created_at=0,
        )
        for key in shipped.texts.templates
        for number, approval in enumerate(["rejected" if key == "declined" else "approved", "received"])
    ]
    assert unapproved(shipped.flows, shipped.texts, made) == ["en/declined"]


def test_names_change_with_the_words_and_with_nothing_else(shipped: FlowFile) -> None:
    words = shipped.texts.languages["en"]
    reworded = {**words.texts, "declined": words.texts["declined"] + " Bye."}
    changed = Texts({"en": Language(reworded, words.titles, words.examples)}, shipped.texts.templates)
    before = {one.key: one.name for one in templates_for(shipped.flows, shipped.texts)}
    after = {one.key: one.name for one in templates_for(shipped.flows, changed)}
    assert {key for key in before if before[key] != after[key]} == {"declined"}
    assert all(name.isascii() and name == name.lower() and " " not in name for name in before.values())


def test_the_shipped_flows_need_a_frame_for_every_number_of_options(shipped: FlowFile) -> None:
    frames = frames_for(shipped.flows, shipped.texts)
    kinds = {kind: [one.count for one in frames if one.kind == kind] for kind in ("buttons", "list")}
    assert kinds == {"buttons": [1, 2, 3], "list": list(range(1, 11))}
    assert {one.choose for one in frames} == {"Choose"}
    assert len({one.name for one in frames}) == len(frames) == 23
