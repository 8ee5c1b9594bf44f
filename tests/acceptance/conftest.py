"""The process, its database and the outside world around it, ready to be talked to."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.server import PUBLIC, Server
from tests.conftest import lend_weights
from tests.fakes.mariadb import PrivateMariaDB
from tests.fakes.twilio import FakeTwilio

MakeServer = Callable[..., Server]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the trained classifier is kept."""
    return lend_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def make_server(
    mariadb: PrivateMariaDB, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeServer]:
    """Set up a server with these settings, on the private database or another one; not yet started."""
    made: list[Server] = []

    def make(database: PrivateMariaDB = mariadb, **settings: str) -> Server:
        folder = tmp_path_factory.mktemp("server")
        server = Server(folder, database, {"WEIGHTS_DIR": str(weights)} | settings)
        made.append(server)
        server.set_up()
        return server

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="module")
def server(make_server: MakeServer) -> Server:
    """A running server with one number, shared by a module's tests: each takes a phone of its own."""
    made = make_server()
    made.start()
    return made


@pytest.fixture
async def twilio(server: Server) -> AsyncIterator[FakeTwilio]:
    """Twilio, for that server."""
    async with twilio_for(server) as fake:
        yield fake


def twilio_for(server: Server) -> FakeTwilio:
    """A Twilio that this server sends to, and that reaches it by its public address."""
    return FakeTwilio(port=server.twilio_port, proxies={PUBLIC: server.url})


_phones = itertools.count(4_915_200_000_001)


@pytest.fixture
def phone() -> str:
    """A client's address that no other test uses."""
    return f"whatsapp:+{next(_phones)}"
