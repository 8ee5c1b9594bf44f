"""What no message has room for is told to its author; what values make too long is several messages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wording import words_of
from engine.effects import Option, Say
from engine.errors import FlowError
from engine.snapshot import Snapshot
from flows.lengths import MESSAGE, parted, shortened, units
from flows.texts import Language, Texts

WORDS = """\
options:
  yes: Yes
texts:
  hello: Hello
  choose: Choose
  type in-call: In-call
"""
WRITTEN = st.builds(str.__mul__, st.text(st.sampled_from("ab .\n😀"), min_size=30), st.integers(1, 150))
TITLES = st.lists(st.text(st.sampled_from("xyz"), min_size=1, max_size=72), max_size=10)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("hello: Hello", f"hello: {'x' * 1_601}", "4:3"),
        ("hello: Hello", f"hello: {'😀' * 801}", "4:3"),
        ("hello: Hello", f"hello: {'x' * 1_501} {{name}}", "4:3"),
        ("choose: Choose", "choose: Choose one of all of these", "5:3"),
        ("in-call: In-call", "in-call: In the rooms of our own practice", "6:3"),
    ],
)
def test_what_there_is_no_room_for_is_told_to_its_author(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    path = tmp_path / "en.yaml"
    path.write_text(WORDS.replace(old, new), encoding="utf-8")
    with pytest.raises(FlowError) as refused:
        Texts.load(tmp_path)
    (issue,) = refused.value.issues
    assert f"en.yaml:{place}: long-text: the text `" in str(issue)


def test_what_just_fits_loads(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(
        WORDS.replace(": Hello", f": {'x' * 1_499} {{name}}").replace("In-call", "x" * 24), encoding="utf-8"
    )
    assert set(Texts.load(tmp_path).places()) == {"hello", "choose", "type in-call"}


@pytest.mark.parametrize("joint", ["\n\n", "\n", ". ", " "])
def test_a_long_text_is_parted_where_it_may_be(joint: str) -> None:
    text = joint.join("x" * 390 for _ in range(6))
    first, second = parted(text)
    assert text == first + (" " if joint == ". " else joint) + second
    assert units(first) <= MESSAGE


def test_a_paragraph_is_kept_together_unless_half_a_message_stays_empty() -> None:
    assert parted("a" * 900 + "\n\n" + "b. " * 300)[0] == "a" * 900
    assert parted("a" * 100 + "\n\n" + "b. " * 600)[0].endswith("b.")


def offer(titles: list[str]) -> tuple[Option, ...]:
    return tuple(Option(f"7.{number}", title, "pick") for number, title in enumerate(titles, 1))


@given(WRITTEN, TITLES, st.booleans())
def test_nothing_that_was_said_is_lost(text: str, titles: list[str], standing: bool) -> None:  # noqa: FBT001  # hypothesis gives it
    options = offer(titles) + ((Option("approve:12", "Approve", "approve"),) if standing else ())
    *before, last = parted(text, options)
    assert "".join("".join([*before, last]).split()) == "".join(text.split())
    sent = [*(words_of(part) for part in before), words_of(last, options)]
    assert all(units(words) <= MESSAGE for words in sent)
    assert "…" not in "".join(sent)


TEXTS = Texts(
    {
        "en": Language(
            {"list": "All:\n{list}", "which": "Which?", "news": "News: {what} of {who}."}, {"yes": "Yes"}
        )
    },
    {"news": "UTILITY"},
)


def test_what_a_turn_says_too_long_is_several_messages_with_the_options_on_the_last() -> None:
    rows = [f"{number}. " + "x" * 90 for number in range(40)]
    says = [Say("list", {"list": list(rows)}), Say("which", options=("yes",))]
    messages, after = TEXTS.speak("en", Snapshot(state="s"), says)
    assert [bool(message.options) for message in messages] == [False, False, True]
    assert "\n".join(message.text for message in messages).replace("\n\n", "\n") == "\n".join(
        ["All:", *rows, "Which?"]
    )
    assert messages[-1].options == after.offer


def test_a_template_stays_one_message_and_only_its_longest_values_are_cut() -> None:
    says = [Say("news", {"what": "w" * 3_000, "who": "Ada"})]
    (message,), _ = TEXTS.speak("en", Snapshot(state="s"), says)
    assert units(message.text) <= MESSAGE
    assert message.text.startswith("News: www")
    assert message.text.endswith("w… of Ada.")
    assert message.template
    assert message.template.values["who"] == "Ada"


def test_values_that_fit_stay_as_they_are() -> None:
    values = {"what": "w" * 1_000, "who": "a" * 500}
    assert shortened("{what} {who}", values) == values
