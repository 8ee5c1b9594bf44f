"""Which database, and with which key. Read from the environment by `app`, never here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from storage.mysql import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """MySQL when there is a host, otherwise a file of SQLite's."""

    host: str | None = None
    port: int = 3306
    user: str = ""
    password: str = field(default="", repr=False)
    name: str = "therapy_booking"
    sqlite_path: Path = Path("therapy-booking.sqlite3")
    secret_key: str = field(repr=False)
    """See Sealer: one or several keys, separated by commas; the newest first."""
    pool_size: int = 16

    @property
    def server(self) -> Server | None:
        """The MySQL server, or None for SQLite."""
        if self.host is None:
            return None
        return Server(host=self.host, port=self.port, user=self.user, password=self.password, name=self.name)
