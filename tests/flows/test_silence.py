"""What may come when somebody has been silent for a day is found exactly, with the way that leads there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import Issue
from engine.model import Words
from engine.window import FREE_SECONDS, is_open
from tests.flows.small_flow import SMALL, WORDS, read

LATE = {"late-text", "late-options", "late-texts"}
NONE = replace(WORDS, templates=frozenset[str](), recent={})


def late(text: str, words: Words = WORDS) -> list[Issue]:
    return [issue for issue in read(text, words)[1] if issue.code in LATE]


def texts(text: str, words: Words = WORDS) -> list[str]:
    """The texts that are found too late, by the line they stand on."""
    return [issue.message.split("`")[1] for issue in late(text, words)]


def test_whatever_news_says_has_to_be_a_template() -> None:
    assert texts(SMALL, NONE) == ["ready", "closing", "new_order", "closing"]
    assert texts(SMALL) == []


def test_the_message_names_the_way_that_leads_there() -> None:
    (issue,) = late(SMALL.replace("{warm: {say: ready}", "{warm: drinking"))
    assert "(idle → ready → drinking)" in issue.message
    through = SMALL.replace("{warm: {say: ready}", "{warm: brewing")
    found = [issue for issue in late(through) if "`enjoy`" in issue.message]
    assert ["(idle → ready → brewing → drinking)" in issue.message for issue in found] == [True]


@pytest.mark.parametrize(
    ("wait", "found"), [("23h49m", []), ("23h50m", ["too_slow"]), ("24h", ["too_slow"]), ("2d", ["too_slow"])]
)
def test_a_wait_alone_counts_from_the_persons_last_word(wait: str, found: list[str]) -> None:
    assert texts(SMALL.replace("for: 10m", f"for: {wait}")) == found


@pytest.mark.parametrize(("first", "found"), [("20h", []), ("23h40m", ["too_slow"])])
def test_waits_add_up(first: str, found: list[str]) -> None:
    """From `drinking`, after `first`, silently to `choosing`, which waits for ten minutes more."""
    longer = SMALL.replace(
        "      ask: enjoy\n", f"      ask: enjoy\n      wait: {{for: {first}, then: choosing}}\n"
    )
    assert texts(longer) == found
    for issue in late(longer):
        assert "(drinking → wait → choosing → wait → idle)" in issue.message


def test_what_news_leads_to_counts_from_when_it_may_come() -> None:
    led = SMALL.replace("{warm: {say: ready}", "{warm: choosing").replace("ask: which_tea", "ask: ready")
    assert "too_slow" in texts(led)


def test_behind_an_if_that_holds_only_of_somebody_heard_lately_all_is_said() -> None:
    guarded = SMALL.replace(
        "    ready: {do: look, then: {warm: {say: ready}, cold: {}}}\n",
        "    ready:\n"
        "      - {if: one_tea, do: look, then: {warm: choosing, cold: {}}}\n"
        "      - {do: look, then: {warm: {say: ready}, cold: {}}}\n",
    )
    assert texts(guarded) == []
    assert "too_slow" in texts(guarded, replace(WORDS, recent={"one_tea": FREE_SECONDS - 60}))
    assert "which_tea" in texts(guarded, replace(WORDS, recent={}))


def test_news_in_a_state_that_waits_comes_before_its_wait_is_over() -> None:
    own = SMALL.replace(
        "        pick_option: {do: note, then: {noted: brewing}}\n        give",
        "        pick_option: {do: note, then: {noted: brewing}}\n"
        "        ready: {do: look, then: {warm: {say: help}, cold: {}}}\n        give",
    )
    assert texts(own) == []
    assert texts(own.replace("for: 10m", "for: 24h")) == ["too_slow", "help"]


def test_the_window_closes_ten_minutes_early() -> None:
    assert is_open(0, 23 * 3600 + 50 * 60 - 1)
    assert not is_open(0, 23 * 3600 + 50 * 60)
    assert not is_open(None, 0)
