"""Two database servers that are one: a Galera cluster on this machine, both of whose nodes take writes.

What one node commits is certified by the other, so a row lock on one stops nobody on the other. It must be
as real as the servers are: the same mariadbd, with Debian's galera-4.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pymysql

from tests.fakes.mariadb import HOST, PASSWORD, USER, DatabaseServerError, PrivateMariaDB, free_port

LIBRARY = Path("/usr/lib/galera/libgalera_smm.so")
JOINING_SECONDS = 60.0


class GaleraPair:
    """A cluster of two; use as a context manager."""

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._open = ExitStack()
        self.nodes: Sequence[PrivateMariaDB] = ()

    @staticmethod
    def why_not() -> str | None:
        """Why there can be none here, or None."""
        return None if LIBRARY.exists() else "the system's package galera-4 is not installed"

    def __enter__(self) -> Self:
        """Begin a cluster with one node and have the other one join it."""
        gossip = [free_port(), free_port()]
        with ExitStack() as stack:
            first = stack.enter_context(_node(gossip[0], "gcomm://"))
            second = stack.enter_context(_node(gossip[1], f"gcomm://{HOST}:{gossip[0]}"))
            self.nodes = (first, second)
            self._wait_until_both()
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Kill both and delete their data."""
        self._open.close()

    def _wait_until_both(self) -> None:
        end = time.monotonic() + JOINING_SECONDS
        while any(_size(node) != "2" for node in self.nodes):
            if time.monotonic() > end:
                raise DatabaseServerError("The second node has not joined the first one.")
            time.sleep(0.1)


def _node(gossip: int, cluster: str) -> PrivateMariaDB:
    receiver = f"ist.recv_addr={HOST}:{free_port()}"
    return PrivateMariaDB(
        durable=False,
        # What brings the first one's data to the second one gives up root's rights on the way.
        account="mysql" if os.geteuid() == 0 else None,
        options=(
            "--wsrep-on=1",
            f"--wsrep-provider={LIBRARY}",
            f"--wsrep-cluster-address={cluster}",
            f"--wsrep-node-address={HOST}:{gossip}",
            f"--wsrep-provider-options=gmcast.listen_addr=tcp://{HOST}:{gossip};{receiver};gcache.size=32M",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address={HOST}:{free_port()}",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
        ),
    )


def _size(node: PrivateMariaDB) -> str:
    connection = pymysql.connect(host=HOST, port=node.port, user=USER, password=PASSWORD)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_ready')")
            found = dict(cursor.fetchall())
    finally:
        connection.close()
    return str(found.get("wsrep_cluster_size")) if found.get("wsrep_ready") == "ON" else "0"
