"""Whatever is imported is declared, so that it is there on a machine that has only what the locks install."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parent.parent
PRODUCT = ("app", "channels", "engine", "flows", "storage")
MEASURING = ("bench", "tests")


def declared(*groups: str) -> set[str]:
    metadata = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    lines: list[str] = [*metadata["project"]["dependencies"]]
    for group in groups:
        lines += metadata["dependency-groups"][group]
    return {plain(Requirement(line).name) for line in lines}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(packages: tuple[str, ...]) -> set[str]:
    graph = grimp.build_graph(packages[0], *packages[1:], include_external_packages=True, cache_dir=None)
    outside = {module.split(".")[0] for module in graph.modules if graph.is_module_squashed(module)}
    return outside - sys.stdlib_module_names - {*PRODUCT, *MEASURING}


@pytest.mark.parametrize(("packages", "groups"), [(PRODUCT, ()), (MEASURING, ("dev",))])
def test_every_imported_package_is_declared(packages: tuple[str, ...], groups: tuple[str, ...]) -> None:
    providers = packages_distributions()
    allowed = declared(*groups)
    undeclared = {
        module
        for module in imported(packages)
        # Elsewhere than on 64-bit Intel Linux a declared package is absent: it answers for its own name.
        if not allowed & {plain(name) for name in providers.get(module, [module])}
    }
    assert not undeclared, "declare these in pyproject.toml and run `make lock`"
