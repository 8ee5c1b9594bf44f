"""Every check: which mistake it finds, where exactly, and what it suggests."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.model import StepSpec, Words
from tests.flows.small_flow import SMALL, WORDS, read, without_text


class Spoilt(NamedTuple):
    """A change to the small flow and the issue that it must lead to."""

    code: str
    old: str
    new: str
    at: str
    """What stands where the issue points: the rest of the line from there."""
    hint: str = ""


SPOILT = [
    Spoilt("unknown-state", "start: idle\n  rem", "start: idel\n  rem", "idel", "did you mean `idle`?"),
    Spoilt(
        "unknown-state", "{listed: choosing}", "{listed: chosing}", "chosing}}", "did you mean `choosing`?"
    ),
    Spoilt("unknown-state", "sold_out: choosing", "sold_out: chosing", "chosing", "did you mean `choosing`?"),
    Spoilt("unknown-state", "too_slow, go: idle", "too_slow, go: idl", "idl}}", "did you mean `idle`?"),
    Spoilt("unknown-state", "1h, then: idle", "1h, then: idl", "idl}", "did you mean `idle`?"),
    Spoilt(
        "unknown-state",
        "after: 2, go: with_",
        "after: 2, go: wth_",
        "wth_waiter}",
        "did you mean `with_waiter`?",
    ),
    Spoilt("unknown-state", "picking: choosing", "picking: chosing", "chosing", "did you mean `choosing`?"),
    Spoilt("unknown-event", "leave: {say", "leaf: {say", "leaf: {say: bye", "did you mean `leave`?"),
    Spoilt("unknown-guard", "if: one_tea", "if: on_tea", "on_tea, go", "did you mean `one_tea`?"),
    Spoilt("unknown-step", "do: brew", "do: brw", "brw", "did you mean `brew`?"),
    Spoilt("unknown-text", "ask: which_tea", "ask: wich_tea", "wich_tea", "did you mean `which_tea`?"),
    Spoilt(
        "unknown-text",
        "[pardon, pick_one]",
        "[pardon, pickone]",
        "pickone], after",
        "did you mean `pick_one`?",
    ),
    Spoilt("unknown-text", "say: too_slow", "say: to_slow", "to_slow, go", "did you mean `too_slow`?"),
    Spoilt("unknown-entity", "expects: [tea]", "expects: [te]", "te]", "did you mean `tea`?"),
    Spoilt("unknown-type", "tea: text", "tea: txt", "txt", "did you mean `text`?"),
    Spoilt("unknown-name", "options: teas", "options: tease", "tease", "did you mean `teas`?"),
    Spoilt("unknown-name", "regarding: cup", "regarding: cop", "cop}}}", "did you mean `cup`?"),
    Spoilt(
        "unknown-key", "about: The kitchen is", "abuot: The kitchen is", "abuot: The", "did you mean `about`?"
    ),
    Spoilt("unknown-key", "wait: {for: 1h", "wait: {fro: 1h", "fro: 1h", "did you mean `for`?"),
    Spoilt("no-start", "  start: idle\n  rem", "  rem", "guest:", "name its first state"),
    Spoilt(
        "passing-start",
        "start: idle\n  rem",
        "start: brewing\n  rem",
        "brewing",
        "start in a state that waits",
    ),
    Spoilt("no-about", "      about: A waiter comes.\n", "", "with_waiter:", "add `about`"),
    Spoilt("no-about", "  about: A guest orders tea.\n", "", "guest:", "add `about`"),
    Spoilt("reserved-name", "with_waiter", "here", "here:", "choose another name"),
    Spoilt("reserved-name", "with_waiter", "with~waiter", "with~waiter:", "choose another name"),
    Spoilt(
        "never-remembered", "    tea: text\n", "    tea: text\n    milk: text\n", "milk: text", "remove it"
    ),
    Spoilt("unremembered", "    tea: text\n", "    te: text\n", "note, then: {noted", "did you mean `te`?"),
    Spoilt(
        "renamed-state", "    picking: cho", "    drinking: cho", "drinking: cho", "remove one of the two"
    ),
    Spoilt(
        "renamed-to-passing", "picking: choosing", "picking: brewing", "brewing", "name a state that waits"
    ),
    Spoilt("renamed-twice", "picking: choosing", "picking: a\n    a: idle", "a", "write `picking: idle`"),
    Spoilt("missing-outcome", "        sold_out: choosing\n", "", "brew", "add `sold_out` under `then`"),
    Spoilt(
        "extra-outcome",
        "sold_out: choosing",
        "soldout: choosing",
        "soldout: choosing",
        "did you mean `sold_out`?",
    ),
    Spoilt("no-target", "sold_out: choosing", "sold_out: {say: pardon}", "sold_out: {", "add `go`"),
    Spoilt("no-target", "sold_out: choosing", "sold_out: here", "sold_out: here", "add `go`"),
    Spoilt("no-target", "{for: 1h, then: idle}", "{for: 1h}", "wait: {for", "add `then`"),
    Spoilt(
        "no-outcomes",
        "{do: note, then: {noted: brewing}}\n        o",
        "{do: note}\n        o",
        "do: note}",
        "fill in `then`",
    ),
    Spoilt("no-outcomes", "then: {listed: choosing}", "then: {}", "then: {}}", "fill in `then`"),
    Spoilt("no-step", "{do: list_teas, then", "{then", "then: {listed", "name the step to run"),
    Spoilt(
        "misplaced-key",
        "{do: list_teas, then",
        "{do: list_teas, say: help, then",
        "say: help",
        "write it under an outcome",
    ),
    Spoilt(
        "misplaced-key",
        "then: {say: too_slow",
        "then: {signal: ready, say: too_slow",
        "ready, say",
        "remove it",
    ),
    Spoilt(
        "mixed-state",
        "      do: brew\n",
        "      do: brew\n      ask: enjoy\n",
        "ask: enjoy",
        "make it a state of its own",
    ),
    Spoilt(
        "signal-to-nobody",
        "leave: {say",
        "leave: {signal: ready, say",
        "ready, say",
        "run such a step, or remove `signal`",
    ),
    Spoilt(
        "signal-to-nobody",
        "{listed: choosing}",
        "{listed: {go: choosing, signal: ready}}",
        "ready}}}",
        "run such a step, or remove `signal`",
    ),
    Spoilt(
        "unsent-signal",
        "signal: order_arrived",
        "signal: order_arived",
        "order_arived}",
        "write `signal: order_arrived`",
    ),
    Spoilt(
        "unsent-signal",
        "brewed: {go: drinking, signal: order_arrived}",
        "brewed: drinking",
        "brewed: drinking",
        "write `signal: order_arrived`",
    ),
    Spoilt("unsent-signal", "signal: ready}}}", "signal: closing}}}", "closing}}}", "write `signal: ready`"),
    Spoilt(
        "signal-to-nobody",
        "sold_out: choosing",
        "sold_out: {go: choosing, signal: order_arrived}",
        "order_arrived}",
        "remove `signal`",
    ),
    Spoilt("unheard-signal", "    ready: {do: look", "    fine: {do: look", "ready}}}", ""),
    Spoilt(
        "unprepared-step",
        "order: {do: list_teas, then: {listed: choosing}}",
        "order: brewing",
        "brewing:",
        "let every way here go through `do: note`",
    ),
    Spoilt("no-such-flow", "guest:\n", "gast:\n", "gast:", "add `guest`"),
    Spoilt(
        "unheard-answer",
        "        give.tea: {do: note, then: {noted: brewing}}\n",
        "",
        "tea]",
        "add `give.tea` under `when`",
    ),
    Spoilt(
        "no-misheard", "    misheard: {say: pardon}\n", "", "idle:", "add `misheard` here or under `anywhere`"
    ),
    Spoilt(
        "hidden-rule",
        "- {if: one_tea, go: dr",
        "- {go: dr",
        "{say: which_one",
        "put the rule without `if` last",
    ),
    Spoilt(
        "hidden-rule", "- {say: which_one", "- {if: one_tea, say: which_one", "one_tea, say", "remove one"
    ),
    Spoilt(
        "hidden-rule",
        "        pick_option: {",
        "        misheard: here\n        pick_option: {",
        "here",
        "keep one of the two",
    ),
    Spoilt(
        "no-default",
        "          - {say: which_one, go: here}\n",
        "",
        "one_tea, go",
        "add a last rule without `if`",
    ),
    Spoilt(
        "no-default", "help: {say", "help: {if: one_tea, say", "one_tea, say", "add a last rule without `if`"
    ),
    Spoilt("unfilled-place", "ask: waiter_comes", "ask: ready", "ready", ""),
    Spoilt("unasked-options", "      ask: what_now\n", "", "idle:", "add `ask`"),
    Spoilt("unasked-options", "{say: new_order, options", "{options", "serve], regarding", "add `say`"),
    Spoilt("never-offered", "      options: teas\n", "", "{do: note", ""),
    Spoilt("unheard-option", "options: [order]", "options: [serve]", "serve]", "add `serve` under `when`"),
    Spoilt(
        "unheard-option",
        "        pick_option: {do: note, then: {noted: brewing}}\n",
        "",
        "teas",
        "add `pick_option` under `when`",
    ),
    Spoilt("untitled-option", "options: [order]", "options: [help]", "help]", ""),
    Spoilt("no-choices", "teas: choices", "teas: text", "teas", "remember it as `choices`"),
    Spoilt("no-subject", ", regarding: cup", "", "serve]}}}", "add `regarding`"),
    Spoilt("no-options", "options: [serve], regarding", "regarding", "cup}}}", "remove it"),
    Spoilt(
        "unreachable-state",
        "after: 2, go: with_waiter",
        "after: 2, go: idle",
        "with_waiter:",
        "lead somebody there or remove it",
    ),
    Spoilt("dead-end", "SEALED", "", "sealed:", "add a rule or a `wait` that leads on"),
    Spoilt(
        "step-loop",
        "{go: drinking, signal: order_arrived}",
        "{go: brewing, signal: order_arrived}",
        "brewing:",
        "let one of its outcomes lead to a state that asks",
    ),
    Spoilt(
        "endless-wait",
        "{for: 1h, then: idle}",
        "{for: 1h, then: {say: pardon}}",
        "wait: {for",
        "let `wait` lead where nothing is waited for",
    ),
    Spoilt(
        "late-text",
        "{warm: {say: ready}",
        "{warm: {say: help}",
        "help}, cold",
        "make it a template in the texts, or say it only `if: one_tea`",
    ),
    Spoilt("late-text", "{warm: {say: ready}", "{warm: drinking", "enjoy", ""),
    Spoilt("late-text", "for: 10m", "for: 24h", "too_slow, go", ""),
    Spoilt(
        "late-options",
        "{warm: {say: ready}",
        "{warm: choosing",
        "teas",
        "do not ask that here, or say it only `if: one_tea`",
    ),
    Spoilt(
        "late-texts",
        "closing: {say: closing}\n",
        "closing: {say: [closing, closing]}\n",
        "closing]",
        "say it all in one template",
    ),
    Spoilt("no-states", "  states:\n    idle:\n      about: Waiting for orders.\n", "", "kitchen:", ""),
    Spoilt("empty-rule", "order: choosing\n", "order:\n", "", "name a state, or write {} for nothing at all"),
    Spoilt("empty-rule", "order: choosing\n", "order: []\n", "[]", ""),
    Spoilt("empty-list", "expects: [tea]", "expects: []", "[]", "remove it or fill it in"),
    Spoilt("wrong-shape", "ask: enjoy", "ask: [enjoy]", "[enjoy]", ""),
    Spoilt("wrong-shape", "    picking: choosing", "    - picking", "- picking", ""),
    Spoilt("duplicate-item", "options: [order]", "options: [order, order]", "order]", "remove one"),
    Spoilt("bad-duration", "for: 10m", "for: 10 minutes", "10 minutes", "write it like 30m, 24h or 2d"),
    Spoilt("bad-duration", "for: 10m", "for: 0m", "0m, then", "write it like 30m, 24h or 2d"),
    Spoilt("bad-number", "after: 2", "after: two", "two, go", ""),
    Spoilt("bad-number", "after: 2", "after: 0", "0, go", ""),
    Spoilt("half-misheard", "after: 2, go: with_waiter", "after: 2", "misheard: {say", ""),
    Spoilt("no-text", "say: [pardon, pick_one], ", "", "misheard: {after", "add `say`"),
    Spoilt(
        "duplicate-key",
        "    leave: {say: bye",
        "    help: {say: bye",
        "help: {say: bye",
        "remove or rename one of them",
    ),
    Spoilt("bad-key", "    leave: {", "    [leave]: {", "[leave]: {", ""),
    Spoilt("not-yaml", "options: [order]", "options: [order", "[order", "close what begins here"),
    Spoilt(
        "not-yaml", "      ask: enjoy", "\task: enjoy", "\task: enjoy", "indent with blanks, not with tabs"
    ),
    Spoilt("alias", "ask: enjoy", "ask: &one enjoy", "&one", "write it out"),
    Spoilt("tag", "ask: enjoy", "ask: !!str enjoy", "!!str", "quote the text"),
]
SEALED = """\
    drinking:
      about: The guest drinks.
      ask: enjoy
      when:
        order: choosing
"""


def spoil(case: Spoilt) -> str:
    """The small flow with one mistake."""
    if case.old == "SEALED":  # a state that nothing leads out of, in a flow without ways out from anywhere
        return """\
guest:
  about: A guest.
  start: idle
  anywhere: {misheard: {say: pardon}, closing: {say: closing}}
  states:
    idle: {about: Nothing., when: {order: sealed}}
    sealed:
      about: Nothing leads on from here.
"""
    assert case.old in SMALL, case.old
    return SMALL.replace(case.old, case.new)


def test_the_small_flow_has_no_mistake() -> None:
    flows, issues = read(SMALL)
    assert issues == ()
    assert set(flows) == {"guest", "kitchen"}


@pytest.mark.parametrize(
    "case", SPOILT, ids=lambda case: f"{case.code}-{case.new.strip()[:25] or case.old.strip()[:25]}"
)
def test_a_mistake_is_found_where_it_stands(case: Spoilt) -> None:
    text = spoil(case)
    _, issues = read(text)
    lines = [*text.splitlines(), ""]
    places = {
        (issue.code, lines[issue.line - 1][issue.column - 1 :].removesuffix("\n"), issue.hint)
        for issue in issues
    }
    assert any(
        code == case.code and rest.startswith(case.at) and (not case.hint or hint == case.hint)
        for code, rest, hint in places
    ), "\n".join(map(str, issues))


def test_every_kind_of_issue_is_shown_here() -> None:
    root = Path(__file__).parents[2]
    sources = [*(root / "engine/checks").glob("*.py"), root / "flows/load.py", root / "flows/fields.py"]
    written = {
        code for path in sources for code in re.findall(r', "([a-z]+(?:-[a-z]+)+)",', path.read_text())
    }
    elsewhere = {
        *("unknown-flow", "no-flows", "unheard-urgent", "unsaid-reply"),
        *("undone-demand", "untold-question"),
    }
    assert len(written) > 30
    assert written - elsewhere <= {case.code for case in SPOILT}


@pytest.mark.parametrize(
    ("words", "code", "at"),
    [
        (without_text("lost"), "unknown-text", "guest:"),
        (without_text("bye"), "unknown-text", "bye, go"),
        (replace(WORDS, titles=frozenset({"order"})), "untitled-option", "serve], regarding"),
        (replace(WORDS, guards=frozenset[str]()), "unknown-guard", "one_tea, go"),
        (replace(WORDS, signals=frozenset({"closing", "fire"})), "unheard-signal", "guest:"),
        (replace(WORDS, urgent=frozenset({"help"})), "unheard-urgent", "kitchen:"),
        (replace(WORDS, replies={"help": "reply"}), "unsaid-reply", "{say: help, go: here}"),
        (replace(WORDS, demanded={"guest": {"order": "list_teas"}}), "undone-demand", "{if: one_tea"),
        (replace(WORDS, personal=frozenset({"tea"}), notice="note"), "untold-question", "choosing:"),
        (replace(WORDS, demanded={"guest": {"bill": "brew"}}), "undone-demand", "guest:"),
        (
            replace(WORDS, texts={**WORDS.texts, "which_tea": frozenset({"price"})}),
            "unfilled-place",
            "which_tea",
        ),
        (
            replace(
                WORDS, steps={**WORDS.steps, "note": StepSpec("note", ("noted", "vague"), remembers=("tea",))}
            ),
            "missing-outcome",
            "note, then",
        ),
        (
            replace(
                WORDS,
                steps={**WORDS.steps, "brew": StepSpec("brew", ("brewed", "sold_out"), reaches="attic")},
            ),
            "unknown-flow",
            "order_arrived}",
        ),
    ],
)
def test_what_changes_in_code_and_texts_is_noticed_in_the_flow(words: Words, code: str, at: str) -> None:
    _, issues = read(SMALL, words)
    lines = SMALL.splitlines()
    found = [issue for issue in issues if issue.code == code]
    assert any(lines[issue.line - 1][issue.column - 1 :].startswith(at) for issue in found), issues


def test_a_rule_is_hidden_by_one_whose_if_holds_whenever_its_own_does() -> None:
    guards = frozenset({"one_tea", "one_green_tea"})
    words = replace(WORDS, guards=guards, implied={"one_green_tea": "one_tea"})
    first = SMALL.replace(
        "- {if: one_tea, go", "- {if: one_green_tea, go: idle}\n          - {if: one_tea, go"
    )
    assert read(first, words)[1] == ()
    second = SMALL.replace("- {say: which", "- {if: one_green_tea, go: idle}\n          - {say: which")
    (issue,) = read(second, words)[1]
    assert (issue.code, issue.hint) == ("hidden-rule", "put it first")
    assert "one_green_tea" in second.splitlines()[issue.line - 1]


def test_what_is_asked_behind_the_notice_is_asked_of_somebody_who_was_told() -> None:
    assert read(SMALL, replace(WORDS, personal=frozenset({"tea"}), notice="list_teas"))[1] == ()


def test_a_text_that_is_asked_again_must_be_filled_again() -> None:
    told = SMALL.replace("ask: waiter_comes", "ask: ready").replace(
        "after: 2, go: with_waiter", "after: 2, go: idle"
    )
    told = told.replace("{warm: {say: ready}", "{warm: with_waiter")
    asked_once = told.replace("help, go: here", "help").replace("say: pardon, go: here", "say: pardon")
    assert read(asked_once)[1] == ()
    _, issues = read(told)
    assert [issue.code for issue in issues] == ["unfilled-place"], (
        "help asks again, and then nobody tells the cup"
    )


def test_what_a_timer_sends_is_heard_in_every_state_or_not_at_all() -> None:
    somewhere = SMALL.replace("    closing: {say: closing, go: idle}\n", "").replace(
        "      when:\n        order: {do: l",
        "      when:\n        closing: {say: closing}\n        order: {do: l",
    )
    _, issues = read(somewhere)
    assert [(issue.code, issue.line) for issue in issues] == [("unheard-signal", 1)]


def test_all_mistakes_are_found_at_once() -> None:
    text = SMALL.replace("say: bye", "say: by").replace("do: brew", "do: brw").replace("for: 1h", "for: soon")
    _, issues = read(text)
    assert [issue.code for issue in issues] == ["unknown-text", "unknown-step", "bad-duration"]
    assert [issue.line for issue in issues] == sorted(issue.line for issue in issues)


def test_a_misspelt_state_is_told_once_and_not_as_states_that_nobody_reaches() -> None:
    _, issues = read(SMALL.replace("{listed: choosing}", "{listed: chosing}"))
    assert [issue.code for issue in issues] == ["unknown-state"]
