"""Seeded single mistakes in the shipped flow file: each is caught before anything runs, and where it stands.

Every kind of mistake is tried at places drawn by a fixed seed; `bench/flow_mistakes.py` tries all places.
Changes after which the file says the same (quotes around `yes`, a blank more) are no mistakes, and are
expected to be accepted.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from app.flow_file import STEPS
from engine.model import Words
from flows.guards import GUARDS
from flows.registry import words
from flows.texts import Texts
from flows.vocabulary import load_understanding
from tests.flows.mistakes import Mistake, all_mistakes, meaning, quoted_otherwise
from tests.flows.mistakes import words as words_of
from tests.flows.small_flow import read

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "flows.yaml").read_text(encoding="utf-8")
OF_A_KIND = 3
RIGHT_LINE = 0.95
"""The rest are mistakes of indentation, which are noticed a line or more later."""


@pytest.fixture(scope="module")
def shipped_words() -> Words:
    return words(STEPS, GUARDS, load_understanding().vocabulary, Texts.load(ROOT / "flows" / "texts"))


def drawn(seed: int) -> list[Mistake]:
    """A few mistakes of every kind."""
    rng = random.Random(seed)  # noqa: S311  # seeded, so that a failure can be seen again
    original = meaning(SHIPPED)
    kinds: dict[str, list[Mistake]] = defaultdict(list)
    for mistake in all_mistakes(SHIPPED, rng):
        kinds[mistake.kind].append(mistake)
    found: list[Mistake] = []
    for several in kinds.values():
        chosen = rng.sample(several, min(len(several), OF_A_KIND * 2))
        found += islice((mistake for mistake in chosen if meaning(mistake.text) != original), OF_A_KIND)
    return found


def test_the_shipped_flows_have_no_mistake(shipped_words: Words) -> None:
    assert read(SHIPPED, shipped_words)[1] == ()


@pytest.mark.parametrize(
    ("event", "step"),
    [
        ("opted_out_elsewhere", "note_opt_out"),
        ("opted_in_elsewhere", "note_opt_in"),
        ("numbers_undelivered", "have_somebody_phone"),
    ],
)
def test_strangers_have_to_be_heard_by_what_safety_and_consent_hang_on(
    shipped_words: Words, event: str, step: str
) -> None:
    before, strangers = SHIPPED.split("\nstranger:")
    rule = next(line for line in strangers.splitlines() if line.strip().startswith(f"{event}:"))
    assert step in rule
    (issue,) = read(f"{before}\nstranger:{strangers.replace(rule, f'    {event}: {{}}')}", shipped_words)[1]
    assert issue.code == "undone-demand"
    assert f"`do: {step}`" in issue.hint


def test_every_mistake_is_caught_and_nearly_always_on_the_right_line(shipped_words: Words) -> None:
    mistakes = drawn(seed=20)
    missed: list[str] = []
    elsewhere: list[str] = []
    for mistake in mistakes:
        _, issues = read(mistake.text, shipped_words)
        where = f"{mistake.kind}: {mistake.what} on {sorted(mistake.lines)}"
        if not issues:
            missed.append(where)
        elif mistake.lines.isdisjoint(issue.line for issue in issues):
            elsewhere.append(f"{where}, noticed as {issues[0]}")
    assert len(mistakes) > 150
    assert missed == []
    assert len(elsewhere) <= (1 - RIGHT_LINE) * len(mistakes), "\n".join(elsewhere)


def test_changes_that_mean_the_same_are_no_mistakes(shipped_words: Words) -> None:
    structures = {name: flow.structure for name, flow in read(SHIPPED, shipped_words)[0].items()}
    for changed in quoted_otherwise(SHIPPED):
        flows, issues = read(changed, shipped_words)
        assert issues == ()
        assert {name: flow.structure for name, flow in flows.items()} == structures


def test_a_text_that_was_removed_is_missed_wherever_the_flow_says_it(shipped_words: Words) -> None:
    said = [word for word in words_of(SHIPPED) if word.role == "text"]
    for word in random.Random(3).sample(said, 20):  # noqa: S311
        texts = {key: places for key, places in shipped_words.texts.items() if key != word.text}
        _, issues = read(SHIPPED, replace(shipped_words, texts=texts))
        assert (word.line, "unknown-text") in {(issue.line, issue.code) for issue in issues}, word.text


def test_an_outcome_that_a_step_learnt_is_missed_wherever_the_flow_runs_it(shipped_words: Words) -> None:
    for word in (word for word in words_of(SHIPPED) if word.role == "step"):
        spec = shipped_words.steps[word.text]
        steps = {**shipped_words.steps, word.text: replace(spec, outcomes=(*spec.outcomes, "gave_up"))}
        if word.line % 6 == 0:  # every one takes long, and they are alike
            _, issues = read(SHIPPED, replace(shipped_words, steps=steps))
            assert (word.line, "missing-outcome") in {(issue.line, issue.code) for issue in issues}, word.text
