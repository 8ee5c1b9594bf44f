"""Runs a program beside a private MariaDB, which it finds by DB_HOST, DB_PORT, DB_USER and DB_PASSWORD.

python -m bench.with_mariadb PROGRAM [ARGUMENTS]
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.fakes.mariadb import PrivateMariaDB


def main() -> int:
    """Return the program's exit code."""
    with PrivateMariaDB() as server:
        where = {
            "DB_HOST": server.host,
            "DB_PORT": str(server.port),
            "DB_USER": server.user,
            "DB_PASSWORD": server.password,
        }
        return subprocess.run(sys.argv[1:], env=os.environ | where, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
