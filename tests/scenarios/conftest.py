"""The stages: one on SQLite, one on MariaDB; each is opened once for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.settings import Settings
from tests.fakes.mariadb import PrivateMariaDB
from tests.scenarios.stage import Stage, stage

SECRET = SecretStr("only for scenarios, and long enough")


@pytest.fixture(scope="session")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory, weights: str) -> Iterator[Stage]:
    settings = Settings(
        _env_file=None,
        sqlite_path=tmp_path_factory.mktemp("scenarios") / "scenarios.sqlite3",
        weights_dir=Path(weights),
        secret_key=SECRET,
    )
    with stage(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def mariadb_stage(mariadb: PrivateMariaDB, weights: str) -> Iterator[Stage]:
    settings = Settings(
        _env_file=None,
        db_host=mariadb.host,
        db_port=mariadb.port,
        db_user=mariadb.user,
        db_password=SecretStr(mariadb.password),
        db_name=mariadb.create_database(),
        weights_dir=Path(weights),
        secret_key=SECRET,
    )
    with stage(settings) as opened:
        yield opened
