"""What tests of several parts share. Whatever only one folder needs belongs into that folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.mariadb import PrivateMariaDB


@pytest.fixture(scope="session")
def mariadb() -> Iterator[PrivateMariaDB]:
    """One real database server for the whole run. A test that stops it starts it again."""
    with PrivateMariaDB() as server:
        yield server


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for the offline classifier's weights: it is taught once for the whole run."""
    return str(tmp_path_factory.mktemp("weights"))
