"""docs/setup.md followed from top to bottom: what one types works, and the doctor says what is promised."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.server import COMMAND, ROOT, Server, reaching
from tests.fakes import twilio_forms as forms
from tests.fakes.dialogflow import FakeDialogflow
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_console import sender

GUIDE = (ROOT / "docs" / "setup.md").read_text(encoding="utf-8")
TYPED = re.compile(r"^    \.venv/bin/therapy-booking (.+)$", re.MULTILINE)
PROMISED = re.compile(r"^Doctor: (.+? (?:is|are) ok)\.", re.MULTILINE | re.DOTALL)
NUMBER = "whatsapp:+493055500017"
WEBHOOK_ENDING = re.search(r"^    https://\S+/webhook/client(#\S+)$", GUIDE, re.MULTILINE)


@dataclass
class Step:
    """One numbered section of the guide."""

    typed: list[str]
    promised: set[str]


def steps() -> dict[int, Step]:
    """The guide's numbered sections."""
    sections = re.split(r"^## (?=\d\. )", GUIDE, flags=re.MULTILINE)[1:]
    sections[-1] = sections[-1].partition("\n## ")[0]
    return {
        int(section[0]): Step(
            TYPED.findall(section),
            {name for words in PROMISED.findall(section) for name in re.findall("`([^`]+)`", words)},
        )
        for section in sections
    }


@dataclass
class Operator:
    """Somebody with the guide, an empty folder, and accounts at Twilio's and Google's stand-ins."""

    server: Server
    twilio: FakeTwilio
    agent: FakeDialogflow
    settings: dict[str, str] = field(default_factory=dict)

    async def follow(self, step: Step, **settings: str) -> dict[str, str]:
        """Write the settings, type the commands, and ask the doctor; returns each check's verdict."""
        self.settings |= settings
        lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        given = [line for line in lines if line.partition("=")[0] not in self.settings]
        given += [f"{name}={value}" for name, value in self.settings.items()]
        (self.server.folder / ".env").write_text("\n".join(given), encoding="utf-8")
        for command in step.typed:
            if command == "serve":
                await asyncio.to_thread(self.server.start)
            else:
                assert await asyncio.to_thread(self.server.run, *command.split()) == 0, self.server.log
        return await asyncio.to_thread(self._visit)

    def _visit(self) -> dict[str, str]:
        done = subprocess.run(
            [COMMAND, "doctor"],
            cwd=self.server.folder,
            env=self.server.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        with self.server.log_path.open("a", encoding="utf-8") as log:
            log.write(done.stdout)
        return {line[4:].partition(":")[0].strip(): line[:4].strip() for line in done.stdout.splitlines()}


@pytest.fixture
async def operator(tmp_path: Path, weights: Path) -> AsyncIterator[Operator]:
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(FakeDialogflow())
        server = Server(tmp_path, None, {})
        twilio = await stack.enter_async_context(FakeTwilio(port=server.twilio_port))
        server.environment = {
            **{name: server.environment[name] for name in ("PATH", "PYTHONPATH")},
            "HOME": os.devnull,
            "WEIGHTS_DIR": str(weights),
            "HOST": "127.0.0.1",
            "PORT": str(server.port),
            "TWILIO_API_BASE_URL": twilio.url,
            "TWILIO_CONTENT_BASE_URL": twilio.url,
        }
        stack.callback(server.kill)
        yield Operator(server, twilio, agent)


@pytest.mark.timeout(300)
async def test_the_guide_leads_from_nothing_to_a_live_number(operator: Operator) -> None:
    guide = steps()
    assert list(guide) == [1, 2, 3, 4, 5, 6, 7]
    assert WEBHOOK_ENDING, "the guide gives Twilio the address with its ending"
    url = operator.server.url
    example = (ROOT / "flows" / "practice.example.yaml").read_text(encoding="utf-8")
    (operator.server.folder / "practice.yaml").write_text(example, encoding="utf-8")
    operator.twilio.account.senders = [sender(NUMBER, f"{url}/webhook/client{WEBHOOK_ENDING[1]}")]
    settings: dict[int, dict[str, str]] = {
        2: {"SECRET_KEY": secrets.token_urlsafe(32)},
        4: {
            "WHATSAPP_SID": forms.ACCOUNT_SID,
            "WHATSAPP_TOKEN": forms.AUTH_TOKEN,
            "TWILIO_PHONE_NUMBER": NUMBER.removeprefix("whatsapp:"),
        },
        5: {
            "CLIENT_WEBHOOK_URL": f"{url}/webhook/client",
            "THERAPIST_WEBHOOK_URL": f"{url}/webhook/therapist",
        },
        6: reaching(operator.agent),
    }
    good: set[str] = set()
    verdicts: dict[str, str] = {}
    for number in range(2, 8):
        step = guide[number]
        assert step.promised, f"step {number} ends with what the doctor says"
        verdicts = await operator.follow(step, **settings.get(number, {}))
        if number == 7:
            operator.twilio.contents.decide_all()
            verdicts = await operator.follow(Step([], set()))
        good |= step.promised
        told = {name for name, verdict in verdicts.items() if verdict == "ok"}
        assert told >= good, f"step {number} promises {sorted(good - told)}\n{operator.server.log}"
    assert set(verdicts.values()) <= {"ok", "", "All"}, operator.server.log
