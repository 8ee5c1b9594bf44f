"""Options as words: readable, complete, and never longer than Twilio takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels.wording import LONGEST, words_of
from engine.effects import Option

APPROVE = Option("approve:12", "Approve", "approve")
DECLINE = Option("decline:12", "Decline", "decline")


def offer(*titles: str) -> tuple[Option, ...]:
    return tuple(Option(f"7.{number}", title, "pick") for number, title in enumerate(titles, 1))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_a_text_without_options_stays_as_it_is() -> None:
    assert words_of("Hello\n\nthere") == "Hello\n\nthere"


def test_an_offer_is_numbered_lines() -> None:
    assert words_of("Which?", offer("In-call", "Home visit")) == "Which?\n\n1. In-call\n2. Home visit"


def test_standing_options_say_what_to_type() -> None:
    assert words_of("New request.", (APPROVE, DECLINE)) == ('New request.\n\n↩ "approve 12" / "decline 12"')


def test_both_kinds_stand_one_after_the_other() -> None:
    assert words_of("?", (*offer("A"), APPROVE)) == '?\n\n1. A\n↩ "approve 12"'


def test_a_long_text_ends_after_a_whole_line_and_keeps_its_options() -> None:
    text = "\n".join(f"line {number} " + "x" * 90 for number in range(30))
    words = words_of(text, offer("In-call", "Home visit"))
    assert words.endswith("x\n…\n\n1. In-call\n2. Home visit")
    assert units(words) <= LONGEST


def test_one_endless_line_keeps_its_beginning() -> None:
    words = words_of("y" * 5_000, offer("In-call"))
    assert words.startswith("y" * 1_500)
    assert words.endswith("…\n\n1. In-call")


def test_endless_titles_are_cut_but_all_are_there() -> None:
    words = words_of("Which?", offer(*("z" * 400 for _ in range(10))))
    assert units(words) <= LONGEST
    assert words.startswith("Which?\n\n1. zzz")
    assert "\n10. zzz" in words


@given(
    st.text(max_size=4_000),
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=400), max_size=10),
)
def test_nothing_is_too_long_and_no_option_is_lost(text: str, titles: list[str]) -> None:
    words = words_of(text, offer(*titles))
    assert units(words) <= LONGEST
    for number, title in enumerate(titles, 1):
        assert f"{number}. {title[:1]}" in words
