"""The private database server dies and comes back like a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest

from tests.fakes.mariadb import DatabaseServerError, PrivateMariaDB


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateMariaDB]:
    with PrivateMariaDB() as server:
        yield server


def rows(server: PrivateMariaDB, database: str, *statements: str, timeout: float = 10) -> tuple[object, ...]:
    connection = pymysql.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=database,
        connect_timeout=timeout,
        read_timeout=timeout,
    )
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()
            return tuple(cursor.fetchall())
    finally:
        connection.close()


def test_every_database_is_new(server: PrivateMariaDB) -> None:
    first, second = server.create_database(), server.create_database()
    rows(server, first, "CREATE TABLE t (n INT)")
    assert rows(server, second, "SHOW TABLES") == ()


def test_what_was_committed_survives_a_kill(server: PrivateMariaDB) -> None:
    database = server.create_database()
    rows(server, database, "CREATE TABLE t (n INT)", "INSERT INTO t VALUES (7)")
    server.kill()
    with pytest.raises(pymysql.err.OperationalError):
        rows(server, database, "SELECT 1")
    server.start()
    assert rows(server, database, "SELECT n FROM t") == ((7,),)


def test_a_restart_keeps_the_port_and_the_data(server: PrivateMariaDB) -> None:
    database, port, pid = server.create_database(), server.port, server.pid
    server.restart()
    assert server.port == port
    assert server.pid != pid
    assert rows(server, database, "SELECT 1") == ((1,),)


def test_a_paused_server_does_not_answer(server: PrivateMariaDB) -> None:
    database = server.create_database()
    server.pause()
    try:
        with pytest.raises(pymysql.err.OperationalError):
            rows(server, database, "SELECT 1", timeout=1)
    finally:
        server.resume()
    assert rows(server, database, "SELECT 1") == ((1,),)


def test_a_stopped_server_says_so(server: PrivateMariaDB) -> None:
    server.stop()
    try:
        with pytest.raises(DatabaseServerError, match="not running"):
            server.pause()
    finally:
        server.start()
