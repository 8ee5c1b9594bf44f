"""The real `serve` process, on a database and a practice of its own.

It is started with the commands that an operator types, and reached through its sockets and its database
alone: nothing here imports the product. It must never end a process that it did not start.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pymysql
import yaml

from tests.fakes import twilio_forms as forms
from tests.fakes.dialogflow import FakeDialogflow
from tests.fakes.mariadb import PrivateMariaDB

ROOT = Path(__file__).parents[2]
PUBLIC = "https://practice.example"
CLIENT_DOOR = f"{PUBLIC}/webhook/client"
THERAPIST_DOOR = f"{PUBLIC}/webhook/therapist"
THERAPIST_PHONE = "+4915199988877"
THERAPIST = f"whatsapp:{THERAPIST_PHONE}"
THERAPIST_NAME = "Zenobia Quill"
TIRELESS = {
    "ANSWERS_PER_MINUTE": "1000000",
    "MESSAGES_PER_HOUR": "1000000",
    "REFUSALS_PER_MINUTE": "1000000",
}
"""Programs write faster than people, and all from one address; a test of the limits sets its own."""
STARTING_SECONDS = 60.0
STOPPING_SECONDS = 15.0
ZONE = ZoneInfo("Europe/Berlin")
"""The practice's, and that of the numbers of those who write to it."""
COMMAND = Path(sys.executable).with_name("therapy-booking")

PRACTICE = f"""
practice: {{name: Test practice, zone: {ZONE.key}, language: en}}
rules: {{minimum_notice: 2h, horizon: 3650d, start_every: 60m}}
services:
  individual: {{title: Individual therapy, takes: 60m}}
therapists:
  zenobia:
    name: {THERAPIST_NAME}
    services: [individual]
    meets: [in-call, clinic visit]
    hours:
      monday: ["8:00-20:00"]
      tuesday: ["8:00-20:00"]
      wednesday: ["8:00-20:00"]
      thursday: ["8:00-20:00"]
      friday: ["8:00-20:00"]
      saturday: ["8:00-20:00"]
      sunday: ["8:00-20:00"]
"""


def said(key: str) -> str:
    """What is always the same in one of the bot's sentences: its longest stretch between places."""
    texts = yaml.safe_load((ROOT / "flows" / "texts" / "en.yaml").read_text(encoding="utf-8"))["texts"]
    return max(re.split(r"\{\w+\}", texts[key]), key=len).strip()


class ServerFailedError(Exception):
    """The process ended, or does not answer; the message ends with its log."""


class Server:
    """One process at a time; `kill` and `start` as often as needed."""

    def __init__(self, folder: Path, database: PrivateMariaDB | None, settings: Mapping[str, str]) -> None:
        """`database`: None for an SQLite file in the folder.

        `settings`: environment variables on top of the usual ones.
        """
        self.folder = folder
        self.database = database
        self.port = free_port()
        self.twilio_port = free_port()
        self.log_path = folder / "server.log"
        self._name = database.create_database() if database else ""
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            **(_settings_of(database, self._name) if database else {}),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "SECRET_KEY": "a long and quiet test of the whole process",
            "WHATSAPP_SID": forms.ACCOUNT_SID,
            "WHATSAPP_TOKEN": forms.AUTH_TOKEN,
            "TWILIO_PHONE_NUMBER": forms.PRACTICE.removeprefix("whatsapp:"),
            "TWILIO_API_BASE_URL": f"http://127.0.0.1:{self.twilio_port}",
            "TWILIO_CONTENT_BASE_URL": f"http://127.0.0.1:{self.twilio_port}",
            "THERAPIST_PHONE": THERAPIST_PHONE,
            "CLIENT_WEBHOOK_URL": CLIENT_DOOR,
            "THERAPIST_WEBHOOK_URL": THERAPIST_DOOR,
            "DOUBT_SECONDS": "5",
            **TIRELESS,
            **settings,
        }

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything that it and the commands before it wrote."""
        return self.log_path.read_text(encoding="utf-8") if self.log_path.exists() else ""

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    def set_up(self, practice: str = PRACTICE) -> None:
        """Load the practice, as an operator does; that makes the tables, too."""
        path = self.folder / "practice.yaml"
        path.write_text(practice, encoding="utf-8")
        if self.run("practice", "load", str(path)) != 0:
            raise ServerFailedError(self.log)

    def run(self, *words: str) -> int:
        """Run another command of the product with the same settings; returns its exit code."""
        with self.log_path.open("ab") as log:
            done = subprocess.run(
                [COMMAND, *words],
                cwd=self.folder,
                env=self.environment,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return done.returncode

    def output_of(self, *words: str) -> str:
        """Run another command of the product; returns what it printed."""
        return subprocess.run(
            [COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        ).stdout

    def start(self) -> float:
        """Start and wait until it is ready; returns the seconds that took."""
        began = time.monotonic()
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "serve"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while not self._answers():
            code = self._process.poll()
            if code is not None or time.monotonic() > began + STARTING_SECONDS:
                self.kill()
                end = f"not ready after {STARTING_SECONDS:.0f} s" if code is None else f"ended with {code}"
                raise ServerFailedError(f"{self.log[-4000:]}\n{end}")
            time.sleep(0.02)
        return time.monotonic() - began

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop; returns its exit code."""
        return self._end(signal.SIGTERM)

    async def logged(self, words: str, within: float = 15.0) -> None:
        """Wait until these words stand in the log. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while words not in self.log:  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.05)

    async def until_taken(self, within: float = 15.0) -> None:
        """Wait until a turn has taken everything in the inbox. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while self.rows("SELECT id FROM inbox WHERE taken_at IS NULL"):  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.05)

    async def until_nothing_is_under_way(self, within: float = 15.0) -> None:
        """Wait until everything is answered and settled, so that a kill leaves nothing in doubt."""
        await self.until_taken(within)
        async with asyncio.timeout(within):
            while self.rows("SELECT id FROM outbox WHERE state IN ('pending', 'sending', 'unknown')"):  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.05)

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """What the database holds, as another program sees it."""
        with (
            closing(self._connect(pymysql.cursors.DictCursor)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def write(self, sql: str, *values: object) -> None:
        """Change the database behind the product's back."""
        with closing(self._connect(pymysql.cursors.Cursor)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            connection.commit()

    def everything_stored(self) -> str:
        """Every value of every row of every table, as text."""
        tables = [row["name"] for row in self.rows(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %s", self._name
        )]  # fmt: skip
        return "\n".join(str(value) for table in tables for row in self.rows(f"SELECT * FROM `{table}`")  # noqa: S608
                         for value in row.values())  # fmt: skip

    def resident_mib(self) -> float:
        """How much memory the process holds."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kib) / 1024

    def _connect(self, cursor: type) -> Any:  # noqa: ANN401  # pymysql has no types
        where = self.database
        assert where is not None, "only a server with a MariaDB can be looked into"
        return pymysql.connect(
            host=where.host,
            port=where.port,
            user=where.user,
            password=where.password,
            database=self._name,
            cursorclass=cursor,
        )

    def _answers(self) -> bool:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == HTTPStatus.OK
            except (http.client.HTTPException, OSError):
                return False

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(how)
        code = self._process.wait(STOPPING_SECONDS)
        self._process = None
        return code


def _settings_of(database: PrivateMariaDB, name: str) -> dict[str, str]:
    return {
        "DB_HOST": database.host,
        "DB_PORT": str(database.port),
        "DB_USER": database.user,
        "DB_PASSWORD": database.password,
        "DB_NAME": name,
    }


def reaching(agent: FakeDialogflow) -> dict[str, str]:
    """The settings with which a server asks this agent."""
    _, project, _, location, _, agent_id = agent.agent.split("/")
    return {
        "DIALOGFLOW_PROJECT_ID": project,
        "DIALOGFLOW_LOCATION": location,
        "DIALOGFLOW_AGENT_ID": agent_id,
        "DIALOGFLOW_API_ENDPOINT": agent.address,
    }


def free_port() -> int:
    """A port of the loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
