"""Every scenario goes as it is written, on both databases, and together they leave no rule untried."""

from __future__ import annotations

import pytest

from app.settings import Settings
from tests.scenarios.script import Scenario, scenarios
from tests.scenarios.stage import Stage
from tests.scenarios.walked import Path, paths, walked

SCENARIOS = scenarios()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_scenario(sqlite_stage: Stage, scenario: Scenario) -> None:
    failure = sqlite_stage.play(scenario).failure
    assert failure is None, failure


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_scenario_on_mariadb(mariadb_stage: Stage, scenario: Scenario) -> None:
    failure = mariadb_stage.play(scenario).failure
    assert failure is None, failure


def test_every_rule_and_every_outcome_is_walked(sqlite_stage: Stage) -> None:
    flows = sqlite_stage.products[0].flow_file.flows
    gone: set[Path] = set()
    for scenario in SCENARIOS:
        for flow, state, trail in sqlite_stage.play(scenario).entries:
            gone |= set(walked(flows[flow], state, trail))
    known = {path: place for flow in flows.values() for path, place in paths(flow)}
    file = Settings(_env_file=None).flows_path.name
    missing = [f"{file}:{place.line}: {path}" for path, place in known.items() if path not in gone]
    share = f"{len(known) - len(missing)} of {len(known)} ways through the rules are walked"
    assert not missing, "\n".join([f"{share}; by no scenario:", *missing])
