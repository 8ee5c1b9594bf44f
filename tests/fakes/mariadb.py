"""A database server of one's own: the real mariadbd, in a temporary folder, on a free loopback port.

It can be stopped, killed, paused and started again, and then listens on the same port. It must never
touch a server that it did not start. Every call blocks; an async test whose other tasks have to go on
meanwhile calls it through `asyncio.to_thread`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pymysql

HOST = "127.0.0.1"
USER = "booking"
PASSWORD = "open-sesame"
STARTING_SECONDS = 30.0
STOPPING_SECONDS = 30.0


class DatabaseServerError(Exception):
    """There is no database server to test with; the message ends with its own last words."""


class PrivateMariaDB:
    """One server. Survives `kill` as a real one would: what was committed is there after `start`."""

    def __init__(
        self, *, durable: bool = True, options: Sequence[str] = (), account: str | None = None
    ) -> None:
        """`durable`: every commit reaches the disk, as in production. False only where speed is all.

        `options`: further ones of mariadbd's. `account`: as whom it runs, if not as whoever runs the tests.
        """
        self.host = HOST
        self.user = USER
        self.password = PASSWORD
        self.port = free_port()
        self._flush = 1 if durable else 0
        self._options = tuple(options)
        self._account = account or _account()
        self._folder = Path(tempfile.mkdtemp(prefix="mariadb-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    @property
    def pid(self) -> int:
        """The process number of the running server."""
        return self._running.pid

    def __enter__(self) -> Self:
        """Make the data folder and start."""
        try:
            self._install()
            self.start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the server and delete its data."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start and wait until it takes connections."""
        command = [
            _program("mariadbd"),
            "--no-defaults",
            f"--user={self._account}",
            f"--datadir={self._folder / 'data'}",
            f"--socket={self._folder / 'socket'}",
            f"--tmpdir={self._folder}",
            f"--pid-file={self._folder / 'pid'}",
            f"--init-file={self._folder / 'accounts.sql'}",
            f"--bind-address={HOST}",
            f"--port={self.port}",
            "--skip-networking=0",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--performance-schema=0",
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=32M",
            f"--innodb-flush-log-at-trx-commit={self._flush}",
            *self._options,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait_until_ready()

    def stop(self) -> None:
        """Shut down in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End at once, as a power cut would: SIGKILL, also of a paused server."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """`stop`, then `start`."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stand still: connections stay open and nothing answers, as on a hung machine."""
        self._running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._running.send_signal(signal.SIGCONT)

    def create_database(self) -> str:
        """Make a new empty database; returns its name, which no other one had."""
        self._databases += 1
        name = f"therapy_booking_{self._databases}"
        connection = pymysql.connect(host=HOST, port=self.port, user=USER, password=PASSWORD)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        finally:
            connection.close()
        return name

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise DatabaseServerError("The database server is not running; call start() first.")
        return self._process

    def _install(self) -> None:
        shutil.chown(self._folder, self._account)
        (self._folder / "accounts.sql").write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO '{USER}'@'%';\n",
            encoding="ascii",
        )
        done = subprocess.run(
            [
                _program("mariadb-install-db"),
                "--no-defaults",
                f"--user={self._account}",
                f"--datadir={self._folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--innodb-log-file-size=32M",
            ],
            check=False,
            capture_output=True,
            env={**os.environ, "TMPDIR": str(self._folder)},  # temporary tables of two servers never meet
        )
        if done.returncode:
            raise DatabaseServerError((done.stdout + done.stderr).decode(errors="replace")[-2000:])

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < end and self._running.poll() is None:
            try:
                pymysql.connect(host=HOST, port=self.port, user=USER, password=PASSWORD).close()
            except pymysql.err.OperationalError:
                time.sleep(0.02)
            else:
                return
        self.kill()
        raise DatabaseServerError((self._folder / "log").read_text(errors="replace")[-2000:])

    def _end(self, how: signal.Signals) -> None:
        self._running.send_signal(how)
        self._running.wait(STOPPING_SECONDS)
        self._process = None


def free_port() -> int:
    """A port of this machine's at which nobody listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _account() -> str:
    """Whoever runs the tests: mariadbd refuses to run as root unless told so by name."""
    return pwd.getpwuid(os.geteuid()).pw_name


def _program(name: str) -> str:
    """Where it is; system administration programs are often missing from a user's PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/libexec:/usr/local/sbin")
    if found is None:
        raise DatabaseServerError(f"{name} is not installed: install the system's package mariadb-server.")
    return found
