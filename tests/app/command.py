"""Runs the real command line in an empty folder, with nothing of this machine's settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from typer.testing import CliRunner, Result

from app.__main__ import app

PROGRAM = Path(sys.executable).with_name("therapy-booking")
CHECKOUT = str(Path(__file__).parents[2])
SECONDS = 60


def run(
    folder: Path, *arguments: str, stdin: bytes = b"", settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `therapy-booking` with these arguments to its end."""
    return subprocess.run(
        [str(PROGRAM), *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": CHECKOUT,  # this checkout's, whichever one is installed
            "HOME": str(folder),
            "COLUMNS": "200",
            **(settings or {}),
        },
    )


def run_here(*arguments: str, env: Mapping[str, str | None] | None = None) -> Result:
    """Run `therapy-booking` within this process, and log afterwards as before."""
    logs = structlog.get_config()
    try:
        return CliRunner().invoke(app, arguments, env=env)
    finally:
        structlog.configure(**logs)


def chat(folder: Path, lines: Sequence[object], **settings: str) -> list[dict[str, Any]]:
    """The answers of `chat --jsonl`; a line that is no bytes is written as JSON."""
    written = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    done = run(
        folder, "chat", "--jsonl", "--now", "2026-03-02T09:00:00", stdin=written + b"\n", settings=settings
    )
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    answers: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    return answers
