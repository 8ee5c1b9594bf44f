"""Guesses like an agent that was trained: a stand-in for what Google's does with texts that nobody taught it.

The product's own `understand` does the guessing, in a process of its own, so nothing here imports it.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.acceptance.server import COMMAND, Server
from tests.fakes.dialogflow import Rule

NOTHING = "out.of.scope"
GIVEN = {
    "service_type": "give.service_type",
    "service_description": "give.service",
    "appointment_time": "give.time",
}
"""What an agent that was trained with annotated phrases hears where a value is all that it knows."""


class Guesser:
    """Asks a running `understand --jsonl`, one text after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()

    async def __call__(self, text: str) -> Rule | None:
        """The likeliest intent, or else what is given by the values in it; None when there is neither."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._asking:
            self._process.stdin.write(json.dumps({"text": text}).encode() + b"\n")
            await self._process.stdin.drain()
            found = json.loads(await self._process.stdout.readline())
        given = next((intent for value, intent in GIVEN.items() if found["entities"].get(value)), NOTHING)
        intent = given if found["intent"] == NOTHING else found["intent"]
        return None if intent == NOTHING else Rule(text, intent, confidence=found["confidence"])


@asynccontextmanager
async def guessing(server: Server) -> AsyncIterator[Guesser]:
    """With this server's settings, but without its Dialogflow."""
    settings = {name: value for name, value in server.environment.items() if "DIALOGFLOW" not in name}
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "understand", "--jsonl"), cwd=server.folder, env=settings, stdin=PIPE, stdout=PIPE
    )
    try:
        yield Guesser(process)
    finally:
        process.terminate()
        await process.wait()
