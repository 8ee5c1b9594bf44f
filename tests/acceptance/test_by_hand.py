"""`make fakes`: somebody types, and reads what the server answers."""

from __future__ import annotations

import asyncio
import sys

from tests.acceptance.server import ROOT, said

PATIENCE = 90.0


async def test_somebody_types_and_is_answered() -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.acceptance.by_hand"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdin is not None
    assert program.stdout is not None

    async def until(words: str) -> None:
        assert program.stdout is not None
        while words not in (line := (await program.stdout.readline()).decode()):
            assert line, f"it ended before it said {words!r}"

    async with asyncio.timeout(PATIENCE):
        await until("/quit")
        program.stdin.write(b"hello\n")
        await until("to eva:")
        await until(said("welcome"))
        program.stdin.write(b"home visit on Monday at 3pm\n")
        await until(said("which_service"))
        program.stdin.write(b"anna: today\n")
        await until("to anna:")
        await until(said("free_day"))
        program.stdin.write(b"/dialogflow down\nben: I want to book an appointment\n")
        await until("to ben:")
        await until("/tap ")
        program.stdin.write(b"/fail SOMEHOW\n")
        await until("ERROR_AFTER")
        program.stdin.write(b"/fail DAILY_LIMIT\nben: hello\n")
        await until("log: sending rests")
        program.stdin.write(b"/restart\n")
        await until("serves again")
        program.stdin.write(b"hugo: hello\n")
        await until("to hugo:")
        program.stdin.write(b"/quit\n")
        assert await program.wait() == 0
