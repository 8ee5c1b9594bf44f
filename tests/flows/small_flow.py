"""A small flow file without a mistake, and the names it may use: what tests of the checks spoil."""

from __future__ import annotations

from dataclasses import replace

from engine.checks import check
from engine.errors import Issue
from engine.model import Flows, StepSpec, Words
from flows.load import FileReader
from flows.strict_yaml import Problems, parse_yaml

SMALL = """\
guest:
  about: A guest orders tea.
  start: idle
  remembers:
    tea: text
    teas: choices
  anywhere:
    help: {say: help, go: here}
    leave: {say: bye, go: idle}
    misheard: {say: pardon, go: here}
    ready: {do: look, then: {warm: {say: ready}, cold: {}}}
    closing: {say: closing, go: idle}
  states:
    idle:
      about: Nothing is going on.
      ask: what_now
      options: [order]
      when:
        order: {do: list_teas, then: {listed: choosing}}
    choosing:
      about: The guest picks a tea.
      ask: which_tea
      options: teas
      expects: [tea]
      wait: {for: 10m, then: {say: too_slow, go: idle}}
      misheard: {say: [pardon, pick_one], after: 2, go: with_waiter}
      when:
        pick_option: {do: note, then: {noted: brewing}}
        give.tea: {do: note, then: {noted: brewing}}
        order:
          - {if: one_tea, go: drinking}
          - {say: which_one, go: here}
    brewing:
      about: The kitchen is told.
      do: brew
      then:
        brewed: {go: drinking, signal: order_arrived}
        sold_out: choosing
    drinking:
      about: The guest drinks.
      ask: enjoy
      when:
        order: choosing
    with_waiter:
      about: A waiter comes.
      ask: waiter_comes
      wait: {for: 1h, then: idle}
  renamed:
    picking: choosing
kitchen:
  about: The kitchen makes tea.
  start: idle
  anywhere:
    misheard: {say: pardon}
    order_arrived: {do: read, then: {read: {say: new_order, options: [serve], regarding: cup}}}
    serve: {do: serve, then: {served: {say: served, signal: ready}}}
    closing: {say: closing}
  states:
    idle:
      about: Waiting for orders.
"""

NO_PLACES = (
    "help",
    "bye",
    "pardon",
    "closing",
    "what_now",
    "which_tea",
    "too_slow",
    "pick_one",
    "which_one",
    "waiter_comes",
    "new_order",
    "lost",
)
WORDS = Words(
    steps={
        spec.name: spec
        for spec in (
            StepSpec("list_teas", ("listed",), remembers=("teas",)),
            StepSpec("note", ("noted",), remembers=("tea",)),
            StepSpec("brew", ("brewed", "sold_out"), reaches="kitchen", signals={"brewed": "order_arrived"}),
            StepSpec("look", ("warm", "cold"), tells=("cup",)),
            StepSpec("read", ("read",), tells=("cup",)),
            StepSpec("serve", ("served",), tells=("cup",), reaches="guest", signals={"served": "ready"}),
        )
    },
    guards=frozenset({"one_tea"}),
    texts={
        **{key: frozenset[str]() for key in NO_PLACES},
        "enjoy": frozenset({"tea"}),
        "ready": frozenset({"cup"}),
        "served": frozenset({"cup"}),
    },
    events=frozenset({"help", "leave", "order", "give.tea", "serve"}),
    signals=frozenset({"closing"}),
    entities={"tea": "give.tea"},
    types=frozenset({"text", "choices"}),
    titles=frozenset({"order", "serve"}),
    templates=frozenset({"ready", "closing", "new_order"}),
    recent={"one_tea": 3_600},
    behind={"brew": [["note", "pour"]]},
    flows=frozenset({"guest"}),
)


def without_text(key: str) -> Words:
    """The names, less one text."""
    return replace(WORDS, texts={name: places for name, places in WORDS.texts.items() if name != key})


def read(text: str, words: Words = WORDS) -> tuple[Flows, tuple[Issue, ...]]:
    """The flows of a file and all its mistakes."""
    problems = Problems("small.yaml")
    node = parse_yaml(text, problems)
    flows: Flows = FileReader(problems).flows(node) if node else {}
    check(flows, words, problems.add)
    return flows, tuple(sorted(problems.issues))
