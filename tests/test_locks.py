"""What is installed is what was chosen: exact versions, with hashes, from whichever index a machine uses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock"]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


class Locked(NamedTuple):
    """One version in a lock, for the machines that its marker names."""

    requirement: Requirement
    hashes: list[str]


def read(lock: str) -> list[Locked]:
    text = (CHECKOUT / lock).read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", " ").splitlines() if not line.startswith("#")]
    return [Locked(Requirement(line.split("--hash")[0]), HASH.findall(line)) for line in lines]


def asked_for(*groups: str) -> list[Requirement]:
    metadata = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    lines: list[str] = [*metadata["project"]["dependencies"]]
    for group in groups:
        lines += metadata["dependency-groups"][group]
    return [Requirement(line) for line in lines]


def key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_one_exact_version_with_hashes(lock: str) -> None:
    locked = read(lock)
    assert locked
    loose = [
        str(requirement)
        for requirement, hashes in locked
        if not hashes or not re.fullmatch(r"==[^*,]+", str(requirement.specifier))
    ]
    assert not loose


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_address(lock: str) -> None:
    text = (CHECKOUT / lock).read_text(encoding="utf-8")
    assert not re.findall(r".*(?:://|--(?:extra-)?index-url|--find-links|--trusted-host| @ ).*", text)


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])]
)
def test_locks_keep_what_the_metadata_asks_for(lock: str, groups: list[str]) -> None:
    locked = read(lock)
    broken = [
        str(asked)
        for asked in asked_for(*groups)
        if not (
            versions := [one.requirement for one in locked if key(one.requirement.name) == key(asked.name)]
        )
        or not all(asked.specifier.contains(str(version.specifier)[2:]) for version in versions)
    ]
    assert not broken, "run `make lock`"


def test_developers_run_what_users_run() -> None:
    product = {str(requirement) for requirement, _ in read("requirements.lock")}
    assert product <= {str(requirement) for requirement, _ in read("requirements-dev.lock")}
