"""The stages: one on SQLite, one on MariaDB; each is opened once for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.fakes.mariadb import PrivateMariaDB
from tests.scenarios.stage import Stage, stage


@pytest.fixture(scope="session")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("scenarios")) as opened:
        yield opened


@pytest.fixture(scope="session")
def mariadb_stage(mariadb: PrivateMariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(
        tmp_path_factory.mktemp("scenarios"),
        db_host=mariadb.host,
        db_port=mariadb.port,
        db_user=mariadb.user,
        db_password=SecretStr(mariadb.password),
        db_name=mariadb.create_database(),
    ) as opened:
        yield opened
