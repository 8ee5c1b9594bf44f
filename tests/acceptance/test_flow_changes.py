"""flows.yaml is changed under a real server: a good version is taken, a bad one never runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import CLIENT_DOOR, ROOT, Server, said
from tests.fakes.twilio import FakeTwilio

THANKING = "thanks: {say: you_are_welcome}"
BADLY = "thanks: {say: you_are_welcom, go: nowher}"
MISTAKES = ("you_are_welcom", "you_are_welcome", "nowher")


def own_flows(server: Server) -> Path:
    path = server.folder / "flows.yaml"
    shutil.copy(ROOT / "flows.yaml", path)
    server.environment["FLOWS_PATH"] = str(path)
    return path


def put(path: Path, thanking: str) -> None:
    good = (ROOT / "flows.yaml").read_text(encoding="utf-8")
    assert THANKING in good
    fresh = path.with_suffix(".new")
    fresh.write_text(good.replace(THANKING, thanking, 1), encoding="utf-8")
    fresh.replace(path)


async def thanked(twilio: FakeTwilio, phone: str, count: int) -> str:
    await twilio.deliver(CLIENT_DOOR, phone, "thanks")
    return (await twilio.messages_to(phone, count))[-1].body


async def test_a_broken_file_is_refused_at_the_start_with_every_mistake(make_server: MakeServer) -> None:
    server = make_server()
    put(own_flows(server), BADLY)
    before = len(server.log)
    assert server.run("serve") == 1
    said = server.log[before:]
    assert "Traceback" not in said
    assert said.count("flows.yaml:") >= 2
    assert all(word in said for word in MISTAKES)


async def test_a_running_server_keeps_the_last_good_version_and_takes_a_new_one(
    make_server: MakeServer, phone: str
) -> None:
    server = make_server()
    path = own_flows(server)
    server.start()
    async with twilio_for(server) as twilio:
        put(path, BADLY)
        await server.logged("flows refused")
        assert all(word in server.log for word in MISTAKES)
        assert await thanked(twilio, phone, 1) == said("you_are_welcome")
        put(path, "thanks: {say: goodbye}")
        await server.logged("flows taken")
        assert await thanked(twilio, phone, 2) == said("goodbye")
