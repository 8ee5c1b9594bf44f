"""`therapy-booking doctor` against the running server and the fakes: all well, and every ailment provoked."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import chdir
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import grpc
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from tests.acceptance.conftest import MakeServer
from tests.acceptance.server import COMMAND, Server, free_port, reaching
from tests.app.command import run_here
from tests.fakes import dialogflow
from tests.fakes.dialogflow import FakeDialogflow
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_console import sender
from tests.fakes.twilio_contents import ContentBook

NUMBER = "whatsapp:+493055500017"
SANDBOX = "+14155238886"
RETRIES = "#rc=3&rp=ct,rt,5xx&rt=4000"
GOOD = [
    "flows and texts",
    "disk",
    "secret key",
    "database",
    "practice",
    "Twilio settings",
    "Twilio account",
    "clock",
    "balance",
    "WhatsApp numbers",
    "webhook settings",
    "webhook addresses",
    "public address",
    "proxies",
    "signed request",
    "templates",
    "Dialogflow",
]
AGENT = ["Dialogflow settings", "Dialogflow agent", "Dialogflow answer"]
_, PROJECT, _, LOCATION, _, AGENT_ID = dialogflow.AGENT.split("/")


@dataclass
class Told:
    """What the doctor printed: verdict and words by check."""

    code: int
    lines: dict[str, tuple[str, str]]

    @property
    def bad(self) -> list[str]:
        return [name for name, (verdict, _) in self.lines.items() if verdict == "FAIL"]


@dataclass
class Clinic:
    """A server that is reached by its own address, and its Twilio."""

    server: Server
    twilio: FakeTwilio

    async def visit(self, **changes: str) -> Told:
        """Have the doctor come with the server's settings, some of them changed.

        The command runs in this process: one of its own would start anew for every ailment. That it does the
        same there, the first visit shows.
        """
        return await asyncio.to_thread(self._visit, changes)

    def _visit(self, changes: dict[str, str]) -> Told:
        nothing_else = dict.fromkeys(os.environ)
        with chdir(self.server.folder):
            done = run_here("doctor", env=nothing_else | self.settings(changes))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return as_told(done.exit_code, done.stdout)

    def visit_by_itself(self) -> Told:
        """As `visit`, in a process of its own."""
        done = subprocess.run(
            [COMMAND, "doctor"],
            cwd=self.server.folder,
            env=self.settings({}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return as_told(done.returncode, done.stdout)

    def settings(self, changes: dict[str, str]) -> dict[str, str]:
        """The doctor's environment."""
        return {**self.server.environment, **changes, "COLUMNS": "200", "HOME": os.devnull}


def as_told(code: int, printed: str) -> Told:
    """What the doctor's lines say."""
    lines = {}
    for line in printed.splitlines():
        verdict, _, rest = line.partition("  ")
        name, colon, words = rest.strip().partition(": ")
        if colon:
            lines[name] = (verdict.strip(), words)
    return Told(code, lines)


@pytest.fixture(scope="module")
def reachable(make_server: MakeServer) -> Server:
    made = make_server(TWILIO_PHONE_NUMBER=NUMBER.removeprefix("whatsapp:"))
    made.environment["CLIENT_WEBHOOK_URL"] = f"{made.url}/webhook/client"
    made.environment["THERAPIST_WEBHOOK_URL"] = f"{made.url}/webhook/therapist"
    made.start()
    return made


@pytest.fixture(scope="module")
def contents() -> ContentBook:
    """What was made at Twilio, kept from one fake to the next as from one test to the next."""
    return ContentBook()


@pytest.fixture
async def clinic(reachable: Server, contents: ContentBook) -> AsyncIterator[Clinic]:
    fake = FakeTwilio(port=reachable.twilio_port)
    fake.contents = contents
    async with fake as twilio:
        if not contents.contents:
            assert await asyncio.to_thread(reachable.run, "templates", "push") == 0
            contents.decide_all()
        twilio.account.senders = [sender(NUMBER, f"{reachable.url}/webhook/client{RETRIES}")]
        yield Clinic(reachable, twilio)


async def test_all_is_well(clinic: Clinic) -> None:
    told = await asyncio.to_thread(clinic.visit_by_itself)
    assert {name: verdict for name, (verdict, _) in told.lines.items()} == dict.fromkeys(GOOD, "ok")
    assert told.code == 0
    again = await clinic.visit()
    assert (again.code, list(again.lines)) == (0, list(told.lines))


Change = Callable[[FakeTwilio, str], None]


def change_senders(*senders: dict[str, object]) -> Change:
    def change(twilio: FakeTwilio, _: str) -> None:
        twilio.account.senders = list(senders)

    return change


@pytest.mark.parametrize(
    ("check", "change", "words"),
    [
        ("Twilio account", lambda twilio, _: setattr(twilio.account, "status", "suspended"), "suspended"),
        ("balance", lambda twilio, _: setattr(twilio.account, "balance", "-0.50"), "Add funds"),
        ("WhatsApp numbers", change_senders(), "TWILIO_PHONE_NUMBER is no WhatsApp sender"),
        (
            "WhatsApp numbers",
            change_senders(sender(NUMBER, "", "OFFLINE", ("Display name rejected",))),
            "Display name rejected",
        ),
        ("webhook addresses", change_senders(sender(NUMBER, "")), "nowhere"),
        (
            "webhook addresses",
            change_senders(sender(NUMBER, "https://old.example/x")),
            "another address",
        ),
    ],
)
async def test_what_is_wrong_at_twilio(clinic: Clinic, check: str, change: Change, words: str) -> None:
    change(clinic.twilio, clinic.server.url)
    told = await clinic.visit()
    assert told.bad == [check]
    assert words in told.lines[check][1]
    assert "→" in told.lines[check][1]
    assert told.code == 1


async def test_a_template_was_rejected(clinic: Clinic) -> None:
    clinic.twilio.contents.decide("approved", "rejected", "too friendly")
    try:
        told = await clinic.visit()
    finally:
        clinic.twilio.contents.decide("approved")
    assert told.bad == ["templates"]
    assert "rejected" in told.lines["templates"][1]
    assert "templates status" in told.lines["templates"][1]


async def test_templates_were_deleted_over_there(clinic: Clinic) -> None:
    made = dict(clinic.twilio.contents.contents)
    clinic.twilio.contents.contents.clear()
    try:
        told = await clinic.visit()
    finally:
        clinic.twilio.contents.contents.update(made)
    assert told.bad == ["templates"]
    assert "templates push" in told.lines["templates"][1]


async def test_the_clock_is_off(clinic: Clinic) -> None:
    clinic.twilio.account.ahead = timedelta(minutes=5)
    told = await clinic.visit()
    assert told.bad == ["clock"]
    assert "NTP" in told.lines["clock"][1]


async def test_a_webhook_without_retries_is_told_but_will_do(clinic: Clinic) -> None:
    clinic.twilio.account.senders = [sender(NUMBER, f"{clinic.server.url}/webhook/client")]
    told = await clinic.visit()
    assert told.code == 0
    assert "without retries" in told.lines["webhook addresses"][1]


@pytest.mark.parametrize(
    ("setting", "value", "check", "words"),
    [
        ("WHATSAPP_TOKEN", "", "Twilio settings", "WHATSAPP_TOKEN"),
        ("CLIENT_WEBHOOK_URL", "", "webhook settings", "CLIENT_WEBHOOK_URL"),
        ("WHATSAPP_TOKEN", "f" * 32, "Twilio account", "WHATSAPP_TOKEN"),
        ("DB_PASSWORD", "wrong", "database", "DB_PASSWORD"),
        ("DB_NAME", "nowhere", "database", "DB_NAME"),
        ("SECRET_KEY", "another key altogether", "database", "SECRET_KEY"),
        ("CLIENT_WEBHOOK_URL", "http://nowhere.invalid/webhook/client", "public address", "name"),
    ],
)
async def test_what_is_wrong_in_the_settings(
    clinic: Clinic, setting: str, value: str, check: str, words: str
) -> None:
    told = await clinic.visit(**{setting: value})
    assert check in told.bad
    assert words in told.lines[check][1]
    assert told.code == 1


async def test_the_account_is_looked_at_before_there_is_a_public_address(clinic: Clinic) -> None:
    told = await clinic.visit(CLIENT_WEBHOOK_URL="")
    assert told.bad == ["webhook settings"]
    assert told.lines["WhatsApp numbers"][0] == "ok"


async def test_several_mistakes_are_told_at_once(clinic: Clinic) -> None:
    told = await clinic.visit(SECRET_KEY="", WEIGHTS_DIR="/proc/no/room/there", FLOWS_PATH="missing.yaml")
    assert told.bad == ["flows and texts", "disk", "secret key"]
    for check, words in zip(told.bad, ["flows check", "WEIGHTS_DIR", "token_urlsafe"], strict=True):
        assert words in told.lines[check][1]


async def test_the_sandbox_is_told_apart(clinic: Clinic) -> None:
    clinic.twilio.account.senders = []
    told = await clinic.visit(TWILIO_PHONE_NUMBER=SANDBOX)
    assert told.code == 0
    assert "join" in told.lines["WhatsApp numbers"][1]


async def test_one_mistake_is_told_once(clinic: Clinic) -> None:
    told = await clinic.visit(DB_PORT=str(free_port()))
    assert told.bad == ["database"]
    assert told.lines["practice"] == ("-", "not looked at: first mend “database”")


async def test_nothing_listens_at_the_public_address(clinic: Clinic) -> None:
    told = await clinic.visit(CLIENT_WEBHOOK_URL=f"http://127.0.0.1:{free_port()}/webhook/client")
    assert "public address" in told.bad
    assert "serve" in told.lines["public address"][1]


async def test_another_server_answers_at_the_public_address(clinic: Clinic, make_server: MakeServer) -> None:
    other = make_server(SECRET_KEY="the key of another practice")
    other.start()
    clinic.twilio.account.senders = [sender(NUMBER, f"{other.url}/webhook/client{RETRIES}")]
    told = await clinic.visit(CLIENT_WEBHOOK_URL=f"{other.url}/webhook/client")
    assert told.bad == ["public address"]
    assert "another server" in told.lines["public address"][1]


async def through_a_proxy(server: Server, request: web.Request) -> web.Response:
    """As a reverse proxy passes a request on: with whom it came from."""
    forwarded = {**request.headers, "X-Forwarded-For": request.remote or ""}
    async with (
        ClientSession() as session,
        session.request(
            request.method, f"{server.url}{request.path_qs}", headers=forwarded, data=await request.read()
        ) as answer,
    ):
        return web.Response(status=answer.status, body=await answer.read())


async def test_a_proxy_that_the_settings_do_not_tell_of(clinic: Clinic) -> None:
    passed_on = web.Application()
    passed_on.router.add_route("*", "/{path:.*}", partial(through_a_proxy, clinic.server))
    async with TestServer(passed_on) as proxy:
        public = str(proxy.make_url("/webhook/client"))
        clinic.twilio.account.senders = [sender(NUMBER, f"{public}{RETRIES}")]
        untold = await clinic.visit(CLIENT_WEBHOOK_URL=public)
        told = await clinic.visit(CLIENT_WEBHOOK_URL=public, TRUSTED_PROXIES="1")
        too_many = await clinic.visit(CLIENT_WEBHOOK_URL=public, TRUSTED_PROXIES="2")
    assert "Set TRUSTED_PROXIES=1" in untold.lines["proxies"][1]
    assert told.lines["proxies"] == ("ok", "1 before the server, as set")
    assert too_many.lines["proxies"][0] == "FAIL"


async def test_the_running_server_has_another_token(clinic: Clinic) -> None:
    fake = FakeTwilio(auth_token="e" * 32)
    fake.contents = clinic.twilio.contents
    async with fake as twilio:
        twilio.account.senders = [sender(NUMBER, f"{clinic.server.url}/webhook/client{RETRIES}")]
        there = {"TWILIO_API_BASE_URL": twilio.url, "TWILIO_CONTENT_BASE_URL": twilio.url}
        told = await clinic.visit(WHATSAPP_TOKEN="e" * 32, **there)
    assert told.bad == ["signed request"]
    assert "403" in told.lines["signed request"][1]


async def test_no_practice_was_loaded(clinic: Clinic) -> None:
    clinic.server.write("UPDATE practice_settings SET name = 'hidden' WHERE name = 'version'")
    try:
        told = await clinic.visit()
    finally:
        clinic.server.write("UPDATE practice_settings SET name = 'version' WHERE name = 'hidden'")
    assert told.bad == ["practice"]
    assert "practice load" in told.lines["practice"][1]


async def test_the_tables_are_of_an_older_version(clinic: Clinic) -> None:
    (row,) = clinic.server.rows("SELECT version_num FROM alembic_version")
    clinic.server.write("UPDATE alembic_version SET version_num = '0001'")
    try:
        told = await clinic.visit()
    finally:
        clinic.server.write("UPDATE alembic_version SET version_num = %s", row["version_num"])
    assert told.bad == ["database"]
    assert "db upgrade" in told.lines["database"][1]


async def test_the_dialogflow_agent(clinic: Clinic) -> None:
    async with FakeDialogflow() as agent:
        there = reaching(agent)
        empty = await clinic.visit(**there)
        assert empty.bad == ["Dialogflow agent", "Dialogflow answer"]
        assert "nlu push" in empty.lines["Dialogflow agent"][1]
        clinic.server.environment |= there
        try:
            assert await asyncio.to_thread(clinic.server.run, "nlu", "push") == 0
        finally:
            clinic.server.environment = {
                name: value for name, value in clinic.server.environment.items() if name not in there
            }
        filled = await clinic.visit(**there)
        assert [filled.lines[name][0] for name in AGENT] == ["ok"] * len(AGENT)
        elsewhere = await clinic.visit(**(there | {"DIALOGFLOW_AGENT_ID": "0" * 8}))
        assert "DIALOGFLOW_AGENT_ID" in elsewhere.lines["Dialogflow agent"][1]
        agent.fail(grpc.StatusCode.PERMISSION_DENIED, None)
        refused = await clinic.visit(**there)
        assert "role" in refused.lines["Dialogflow agent"][1]
    gone = await clinic.visit(**there)
    assert gone.bad == ["Dialogflow agent", "Dialogflow answer"]


async def test_dialogflow_set_up_by_half(clinic: Clinic) -> None:
    told = await clinic.visit(DIALOGFLOW_PROJECT_ID=PROJECT)
    assert told.bad == ["Dialogflow settings"]
    assert "DIALOGFLOW_AGENT_ID" in told.lines["Dialogflow settings"][1]
    told = await clinic.visit(
        DIALOGFLOW_PROJECT_ID=PROJECT,
        DIALOGFLOW_AGENT_ID=AGENT_ID,
        GOOGLE_APPLICATION_CREDENTIALS="/no/such/key.json",
    )
    assert "GOOGLE_APPLICATION_CREDENTIALS" in told.lines["Dialogflow settings"][1]
