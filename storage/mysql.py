"""A line to MySQL or MariaDB through aiomysql: session settings, and which errors mean what.

Every session is READ COMMITTED, strict, UTC, and commits each statement by itself until a transaction
is begun. Values are never read from an error: only its number is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiomysql
import pymysql
from pymysql.constants import CLIENT

from engine.errors import TryAgain
from storage.link import Answer, ConnectionLost, Duplicate, NotReady, Statement, StatementRefused

LOCK_WAIT_SECONDS = 5
CONNECT_SECONDS = 5
ANSWER_SECONDS = 20
"""Statements wait for locks at most; longer means that nobody is at the other end."""
GATHERED_BYTES = 1 << 24
"""How long a gathered text may become; a longer one would be cut off. Nothing near that is asked for."""
STALE_SECONDS = 300
"""A line that was idle for longer is not lent again: servers and firewalls drop such lines silently."""

SQL_MODE = (
    "STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)

_BEGIN, _COMMIT = Statement("BEGIN", ()), Statement("COMMIT", ())
_CLUSTERED = (
    "SHOW VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON' "
    "OR Variable_name = 'group_replication_group_name' AND Value <> ''"
)
"""Finds a row on a node of Galera, or of MySQL's Group Replication."""
_DUPLICATE = 1062
_AGAIN = frozenset(
    {
        1020,  # changed since it was read (MariaDB from 11.6)
        1205,  # lock wait
        1213,  # deadlock, or a conflict in the cluster
    }
)
_LOST = frozenset({
    0,  # the driver's own: not connected
    1040,  # too many connections
    1047,  # a cluster node that is not ready
    1053,  # shutting down
    1077, 1078, 1079,  # shut down
    1152, 1158, 1159, 1160, 1161, 1184,  # network
    1317,  # interrupted
    1927,  # killed
    2002, 2003, 2006, 2013, 2014, 2055,  # the client's side of the same
    4031,  # idle for too long
})  # fmt: skip
_REFUSED = {
    1044: "this user may not use the database DB_NAME: grant it",
    1045: "DB_USER or DB_PASSWORD is wrong",
    1049: "the database DB_NAME does not exist: create it",
    1698: "DB_USER or DB_PASSWORD is wrong",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the database is."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str


class MySqlLink:
    """One aiomysql connection."""

    def __init__(self, connection: Any, cursor: Any) -> None:  # noqa: ANN401  # aiomysql has no types
        self._connection = connection
        self._cursor = cursor
        self._is_clustered = False
        self._loop = asyncio.get_running_loop()
        self._used_at = self._loop.time()
        self._spoiled = False

    @classmethod
    async def connect(cls, server: Server) -> MySqlLink:
        """Open a line. Raises ConnectionLost, or NotReady for what waiting does not mend."""
        try:
            connection = await aiomysql.connect(
                host=server.host,
                port=server.port,
                user=server.user,
                password=server.password,
                db=server.name,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                # Rows found, not rows altered: the same count as SQLite's.
                client_flag=CLIENT.FOUND_ROWS,
                init_command=(
                    f"SET time_zone = '+00:00', sql_mode = '{SQL_MODE}', "
                    f"innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}, "
                    f"group_concat_max_len = {GATHERED_BYTES}"
                ),
            )
        except (pymysql.err.MySQLError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            reason = _REFUSED.get(_code(error))
            if reason:
                raise NotReady(f"The database refused the connection: {reason}.") from None
            raise ConnectionLost(f"The database cannot be reached ({_code(error)}).") from None
        link = cls(connection, await connection.cursor())
        # The only spelling that both MySQL and every MariaDB know; it cannot be joined to the SET above.
        _, clustered = await link.run(
            [
                Statement("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", ()),
                Statement(_CLUSTERED, ()),
            ]
        )
        link._is_clustered = bool(clustered.rows)
        return link

    async def run(
        self, statements: Sequence[Statement], *, begin: bool = False, commit: bool = False
    ) -> Sequence[Answer]:
        """See Link. One round trip, however many statements there are; on a cluster one for each.

        When a cluster undoes a transaction between two statements of one text, the server goes on with the
        next: what follows is kept by itself, and it says that all went well. Of statements that come one by
        one, the next is refused.
        """
        statements = [*[_BEGIN] * begin, *statements, *[_COMMIT] * commit]
        texts = [self._cursor.mogrify(sql, arguments or None) for sql, arguments in statements]
        answers: list[Answer] = []
        self._used_at = self._loop.time()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                for together in [[text] for text in texts] if self._is_clustered else [texts]:
                    await self._ask(together, answers)
        except (pymysql.err.MySQLError, OSError, RuntimeError, TimeoutError, EOFError) as error:
            raise self._translated(error, [sql for sql, _ in statements[len(answers) :]]) from None
        except asyncio.CancelledError:
            self._spoiled = True
            raise
        return answers[begin : len(answers) - commit]

    async def _ask(self, texts: Sequence[str], answers: list[Answer]) -> None:
        """Send texts as one, and add the answer to each as it comes."""
        cursor = self._cursor
        await cursor.execute(";".join(texts))
        for _ in texts:
            rows = await cursor.fetchall() if cursor.description else ()  # they are here already
            answers.append(Answer(rows, cursor.rowcount, cursor.lastrowid or 0))
            await cursor.nextset()

    async def rollback(self) -> None:
        """See Link."""
        try:
            if not self._connection.closed:
                await self.run([Statement("ROLLBACK", ())])
        except (TryAgain, StatementRefused):
            # A cluster reports a conflict even here. The server undoes what a closed line left open.
            self._spoiled = True

    def usable(self) -> bool:
        """See Link."""
        connection = self._connection
        if self._spoiled or connection.closed or self._loop.time() - self._used_at > STALE_SECONDS:
            return False
        reader = connection._reader  # noqa: SLF001  # the driver's own pool looks here too
        return not (connection.get_transaction_status() or reader.at_eof() or reader.exception())

    async def close(self) -> None:
        """See Link."""
        self._connection.close()

    def _translated(self, error: BaseException, unanswered: Sequence[str]) -> Exception:
        code = _code(error)
        if code == _DUPLICATE and len(unanswered) == 1:
            return Duplicate()
        if code in _AGAIN:
            return TryAgain(f"The database asked for another try ({code}).")
        if code in _LOST or not isinstance(error, pymysql.err.MySQLError):
            self._spoiled = True
            return ConnectionLost(f"The connection to the database broke ({code}).")
        return StatementRefused(f"MySQL error {code}", unanswered[0])


def _code(error: BaseException) -> int:
    """The error's number; 0 where it has none, as when the line itself broke."""
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0
