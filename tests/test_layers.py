"""The layers hold, and the tools that guard them do notice a breach."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

CHECKOUT = Path(__file__).parent.parent
PACKAGES = ("app", "channels", "engine", "flows", "storage")

BREACHES = [
    ("engine", "import flows"),
    ("engine", "import storage"),
    ("storage", "import channels"),
    ("storage", "import flows"),
    ("channels", "import storage"),
    ("channels", "import flows"),
    ("flows", "import app"),
    ("flows", "import channels"),
    ("engine", "import asyncio"),
    ("engine", "import random"),
    ("engine", "from time import time"),
    ("engine", "import sqlite3"),
    ("engine", "import uuid"),
    ("engine", "import yaml"),
    ("engine", "import transitions"),
    ("flows", "from transitions import Machine"),
    ("app", "import transitions"),
    ("app", "import twilio.rest"),
    ("flows", "from google.cloud import dialogflowcx_v3"),
    ("storage", "import grpc"),
    ("app", "import sqlalchemy"),
    ("flows", "import aiomysql"),
    ("channels", "import aiosqlite"),
    ("channels", "import pymysql"),
    ("storage", "import quart"),
]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_no_module_reaches_into_a_layer_it_may_not_know() -> None:
    result = lint_imports(CHECKOUT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_kind_of_breach_is_noticed(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for number, (package, breach) in enumerate(BREACHES):
        (tmp_path / package / f"breach{number}.py").write_text(f"{breach}\n")

    result = lint_imports(tmp_path)

    assert result.returncode == 1
    unnoticed = [
        f"{package}: {breach}"
        for number, (package, breach) in enumerate(BREACHES)
        if f"{package}.breach{number} -> " not in result.stdout
    ]
    assert not unnoticed, result.stdout


def test_engine_stands_on_the_standard_library_and_one_state_machine() -> None:
    graph = grimp.build_graph("engine", include_external_packages=True, cache_dir=None)
    outside = {module for module in graph.modules if graph.is_module_squashed(module)}
    assert outside - sys.stdlib_module_names == {"transitions"}


@pytest.mark.parametrize(
    "impure",
    [
        "import time\n",
        "from uuid import uuid4\n",
        "from datetime import datetime\n\nWHEN = datetime.now()\n",
        "from datetime import date\n\nWHEN = date.today()\n",
    ],
)
def test_ruff_refuses_a_clock_or_a_guess_in_the_engine(impure: str) -> None:
    program = str(Path(sys.executable).with_name("ruff"))
    command = [
        program,
        "check",
        "--no-cache",
        "--select",
        "TID251",
        "--stdin-filename",
        "engine/breach.py",
        "-",
    ]
    result = subprocess.run(
        command, cwd=CHECKOUT, input=impure, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "TID251" in result.stdout
