"""What tests of several parts share. Whatever only one folder needs belongs into that folder."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.__main__ import LOOK_FOR_GARBAGE_AFTER
from tests.fakes.mariadb import PrivateMariaDB

ROOT = Path(__file__).parents[1]

gc.set_threshold(LOOK_FOR_GARBAGE_AFTER)  # as the product does


@pytest.fixture(scope="session")
def mariadb() -> Iterator[PrivateMariaDB]:
    """One real database server for the whole run. A test that stops it starts it again."""
    with PrivateMariaDB() as server:
        yield server


def lend_weights(folder: Path) -> Path:
    """Copy the checkout's weights into a folder; their names tell what they were taught, so none is stale."""
    for taught in (ROOT / "var").glob("intents-*.json"):
        shutil.copy(taught, folder)
    return folder


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for the offline classifier's weights, with those that the installation has taught it."""
    return str(lend_weights(tmp_path_factory.mktemp("weights")))
