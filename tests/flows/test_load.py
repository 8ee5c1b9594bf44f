"""flows.yaml as it is read: what it means, where everything stands, and what a bad file says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FlowError
from engine.machine import FlowMachine
from engine.model import NO_STEP, Misheard, Name, Place, Target, place_of
from flows.load import load_flows, seconds_of
from tests.flows.small_flow import SMALL, WORDS, read


def test_a_good_file_means_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "flows.yaml"
    path.write_text(SMALL, encoding="utf-8")
    guest = load_flows(path, WORDS)["guest"]
    assert (guest.start, guest.renamed) == ("idle", {"picking": "choosing"})
    choosing = guest.states["choosing"]
    assert (choosing.ask, choosing.options, choosing.expects) == ("which_tea", "teas", ("tea",))
    assert choosing.wait
    assert (choosing.wait.seconds, choosing.wait.target.say, choosing.wait.target.go) == (
        600,
        ("too_slow",),
        "idle",
    )
    assert choosing.misheard == Misheard(("pardon", "pick_one"), 2, "with_waiter", Place(26, 7))
    first, second = choosing.rules["order"]
    assert (first.name, first.guard, first.step, first.targets[NO_STEP].go) == (
        "choosing:order",
        "one_tea",
        None,
        "drinking",
    )
    assert (second.name, second.guard, second.targets[NO_STEP].say) == (
        "choosing:order#2",
        None,
        ("which_one",),
    )
    brewing = guest.states["brewing"].passing
    assert brewing
    assert (brewing.step, sorted(brewing.targets)) == ("brew", ["brewed", "sold_out"])
    assert brewing.targets["brewed"].signal == "order_arrived"
    FlowMachine(guest, {"one_tea": lambda *_: True})


def test_every_name_knows_where_it_stands() -> None:
    flows, _ = read(SMALL)
    target = flows["guest"].states["brewing"].passing
    assert target
    lines = SMALL.splitlines()
    names: list[str] = [target.step or "", *target.targets, target.targets["brewed"].go or ""]
    for name in names:
        place = place_of(name, Place())
        assert lines[place.line - 1][place.column - 1 :].startswith(name)


def test_a_name_is_a_text_like_any_other() -> None:
    name = Name("idle", Place(3, 7))
    assert name == "idle"
    assert {"idle": 1}[name] == 1
    assert json.dumps({name: name}) == '{"idle": "idle"}'
    assert type(str(name)) is str
    assert place_of("idle", Place(1, 1)) == Place(1, 1)


def test_an_option_written_with_and_without_quotes_is_the_same() -> None:
    quoted = SMALL.replace("help: {say", '"help": {say').replace("ask: enjoy", "ask: 'enjoy'")
    assert quoted != SMALL
    flows, issues = read(quoted)
    assert issues == ()
    assert flows["guest"].structure == read(SMALL)[0]["guest"].structure


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("say: bye", "say: help", True),  # words are no structure
        ("about: A waiter comes.", "about: Somebody comes.", True),
        ("ask: waiter_comes", "ask: help", True),
        ("sold_out: choosing", "sold_out: idle", False),
        ("for: 10m", "for: 11m", False),
        ("after: 2", "after: 3", False),
        ("expects: [tea]", "expects: []", False),
        ("if: one_tea, go", "go", False),
        ("do: brew", "do: look", False),
        ("signal: order_arrived", "signal: closing", False),
    ],
)
def test_the_structure_changes_with_the_ways_and_not_with_the_words(old: str, new: str, same: bool) -> None:  # noqa: FBT001
    assert old in SMALL
    before, after = read(SMALL)[0]["guest"], read(SMALL.replace(old, new))[0]["guest"]
    assert (before.structure == after.structure) is same


def test_a_bad_file_is_refused_with_every_issue_in_the_files_order(tmp_path: Path) -> None:
    path = tmp_path / "flows.yaml"
    path.write_text(SMALL.replace("say: bye", "say: by").replace("for: 1h", "for: soon"), encoding="utf-8")
    with pytest.raises(FlowError) as refused:
        load_flows(path, WORDS)
    first, second = refused.value.issues
    assert str(first) == f"{path}:9:18: unknown-text: there is no text `by` (did you mean `bye`?)"
    assert second.as_json() == {
        "file": str(path),
        "line": 47,
        "column": 19,
        "code": "bad-duration",
        "message": "`soon` is no length of time",
        "hint": "write it like 30m, 24h or 2d",
    }
    assert json.loads(json.dumps(second.as_json()))["line"] == 47
    assert str(refused.value).splitlines() == [str(first), str(second)]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "just words", "client:", "client: {}", "client: {states: []}"]
)
def test_a_file_without_a_conversation_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "flows.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FlowError):
        load_flows(path, WORDS)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r"none\.yaml:1:1: unreadable: .*No such file"):
        load_flows(tmp_path / "none.yaml", WORDS)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("2d", 172800), ("1d1h1m", 90060), (" 5m ", 300)]
    + [(bad, None) for bad in ("", "0m", "30", "m", "1s", "1m1h", "-1m", "1.5h", "1 h", "99999d")],
)
def test_lengths_of_time(written: str, seconds: int | None) -> None:
    assert seconds_of(written) == seconds


def test_a_target_may_be_a_word_or_a_mapping() -> None:
    flows, _ = read(SMALL)
    drinking = flows["guest"].states["drinking"].rules["order"][0].targets[NO_STEP]
    assert drinking == Target(go="choosing", place=drinking.place)


@given(data=st.data())
def test_whatever_is_done_to_the_file_it_is_read_or_refused_but_never_breaks(data: st.DataObject) -> None:
    text = SMALL
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(st.text("{}[]:,-\"'\n\t a#&*!", max_size=4)) + text[at + cut :]
    flows, issues = read(text)
    if not issues:
        for flow in flows.values():
            FlowMachine(flow, {"one_tea": lambda *_: True})
