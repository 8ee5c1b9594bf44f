"""A running product takes good changes of flows.yaml and its texts; nobody's conversation breaks."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from app.chat import Chat, handed_over
from app.clock import Clock
from app.settings import Settings
from app.wiring import Product, product

SHIPPED = Settings(_env_file=None)
RENAMED = "  renamed:\n"


class Practice:
    """A running product whose flows somebody edits."""

    def __init__(self, running: Product, settings: Settings) -> None:
        self.running = running
        self.flows = settings.flows_path
        self.texts = settings.texts_path / "en.yaml"
        self._chat = Chat(running)

    async def says(self, text: str) -> tuple[str, str]:
        """What a client says; the state after it and what was answered."""
        return self._told(await self._chat.hear({"from": "client:Ana", "text": text}))

    async def waits(self, length: str) -> tuple[str, str]:
        """Nobody says anything for so long."""
        return self._told(await self._chat.hear({"advance": length}))

    def edit(self, path: Path, *changes: tuple[str, str]) -> bool:
        """Change a file; True when the change was taken."""
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        now = path.stat().st_mtime_ns
        os.utime(path, ns=(now, now + 1_000_000))  # two edits within one tick of the file system's clock
        return self.running.flow_file.refresh()

    def _told(self, answer: dict[str, object]) -> tuple[str, str]:
        states, messages = answer["state"], answer["messages"]
        assert isinstance(states, dict)
        assert isinstance(messages, list)
        return states["client:Ana"], "\n".join(message["text"] for message in messages)


@pytest.fixture
async def practice(tmp_path: Path, weights: str) -> AsyncIterator[Practice]:
    shutil.copytree(SHIPPED.texts_path, tmp_path / "texts")
    shutil.copy(SHIPPED.flows_path, tmp_path / "flows.yaml")
    settings = Settings(
        _env_file=None,
        sqlite_path=tmp_path / "test.sqlite3",
        weights_dir=Path(weights),
        flows_path=tmp_path / "flows.yaml",
        texts_path=tmp_path / "texts",
    )
    clock = Clock()
    clock.stand_at(int(datetime.fromisoformat("2026-03-02T09:00:00+01:00").timestamp()))
    async with product(settings, handed_over, clock=clock, demonstration=True) as running:
        yield Practice(running, settings)


async def test_new_words_are_said_at_once(practice: Practice) -> None:
    await practice.says("book")
    assert practice.edit(practice.texts, ("How would you like to meet?", "Where shall we meet?"))
    assert await practice.says("repeat") == ("client.choosing_service_type", "Where shall we meet?")


async def test_nothing_is_taken_when_nothing_changed(practice: Practice) -> None:
    assert not practice.running.flow_file.refresh()


async def test_a_bad_version_is_refused_and_the_good_one_goes_on(practice: Practice) -> None:
    await practice.says("book")
    assert not practice.edit(practice.flows, ("go: idle", "go: idel"))
    assert (await practice.says("in-call"))[0] == "client.choosing_service"
    assert practice.edit(practice.flows, ("go: idel", "go: idle"))
    assert (await practice.says("cancel"))[0] == "client.idle"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        complete: holding_slot\n", "        complete: confirming\n"),
        ("        agreed: agreeing\n", "        agreed: asking_therapist\n"),
    ],
    ids=["what nobody has held", "without consent"],
)
async def test_a_version_that_asks_a_therapist_for_too_little_is_refused(
    practice: Practice, old: str, new: str
) -> None:
    assert not practice.edit(practice.flows, (old, new))


async def test_bad_texts_are_refused_too(practice: Practice) -> None:
    assert not practice.edit(practice.texts, ("which_service_type:", "which_other_type:"))
    assert (await practice.says("book"))[1].endswith("How would you like to meet?")


async def test_files_that_vanish_for_a_moment_change_nothing(practice: Practice) -> None:
    away = practice.flows.with_suffix(".away")
    practice.flows.rename(away)
    assert not practice.running.flow_file.refresh()
    assert (await practice.says("book"))[0] == "client.choosing_service_type"
    away.rename(practice.flows)
    assert practice.running.flow_file.refresh()


async def test_a_renamed_state_keeps_its_conversations(practice: Practice) -> None:
    await practice.says("book")
    assert practice.edit(
        practice.flows,
        ("choosing_service_type", "choosing_where"),
        (RENAMED, f"{RENAMED}    choosing_service_type: choosing_where\n"),
    )
    assert (await practice.says("in-call"))[0] == "client.choosing_service"


async def test_silence_in_a_renamed_state_ends_as_it_would_have(practice: Practice) -> None:
    await practice.says("book")
    assert practice.edit(
        practice.flows,
        ("choosing_service_type", "choosing_where"),
        (RENAMED, f"{RENAMED}    choosing_service_type: choosing_where\n"),
    )
    state, told = await practice.waits("2h")
    assert state == "client.idle"
    assert "Nothing was booked" in told


async def test_who_stands_in_a_state_that_is_gone_is_told_and_heard(practice: Practice) -> None:
    await practice.says("book")
    assert practice.edit(practice.flows, ("choosing_service_type", "choosing_where"))
    state, told = await practice.says("in-call individual therapy on thursday at 10am")
    assert state == "client.confirming"
    assert "let us begin anew" in told
    assert "Thursday 5 March, 10:00" in told


async def test_silence_in_a_state_that_is_gone_says_nothing(practice: Practice) -> None:
    await practice.says("book")
    assert practice.edit(practice.flows, ("choosing_service_type", "choosing_where"))
    state, told = await practice.waits("3h")
    assert told == ""
    assert (await practice.says("hello"))[0] == "client.idle"
    assert state in {"client.idle", "client.choosing_service_type"}


async def test_a_new_rule_holds_for_who_is_in_the_middle(practice: Practice) -> None:
    await practice.says("book")
    before = await practice.says("thanks")
    assert before[1] == "You're welcome!"
    assert practice.edit(
        practice.flows, ("thanks: {say: you_are_welcome}\n    bye", "thanks: {say: all_right}\n    bye")
    )
    assert (await practice.says("thanks"))[1].startswith("All right")


async def test_a_reworded_notice_is_shown_once_more(practice: Practice) -> None:
    asking = "in-call individual therapy {} at 9am"
    assert (await practice.says(asking.format("thursday")))[1].startswith("Before we begin")
    await practice.says("yes")
    assert not (await practice.says("my appointments"))[1].startswith("Before we begin")
    assert practice.edit(practice.texts, ("Before we begin:", "First of all:"))
    await practice.says("book")
    assert (await practice.says("cancel"))[0] == "client.idle"
    assert (await practice.says(asking.format("friday")))[1].startswith("First of all")
