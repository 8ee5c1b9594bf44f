"""Whom to call, by where the client's number is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import FlowError
from flows.safety.helplines import Helplines

LINES = Helplines.load()


@pytest.mark.parametrize(
    ("address", "emergency"),
    [
        ("whatsapp:+4915112345678", "112"),
        ("whatsapp:+442079460000", "999"),
        ("whatsapp:+14165550100", "911"),
        ("whatsapp:+61291234567", "000"),
        ("whatsapp:GB.13491208655302741918", "999"),
        ("whatsapp:US.ENT.11815799212886844830", "911"),
    ],
)
def test_each_country_has_its_own(address: str, emergency: str) -> None:
    assert LINES.at(address, "en").emergency == emergency


def test_canada_and_the_united_states_are_told_apart() -> None:
    assert LINES.at("whatsapp:+14165550100", "en") is LINES.by_country["CA"]
    assert LINES.at("whatsapp:+12125550100", "es") is LINES.by_country["US"]


@pytest.mark.parametrize("address", ["chat:Ana", "whatsapp:+99900000000", "whatsapp:ZZ.1", "", "whatsapp:+0"])
def test_everybody_else_gets_a_directory_in_their_language(address: str) -> None:
    assert LINES.at(address, "en").helpline == "findahelpline.com lists free helplines in your country"
    assert LINES.at(address, "es").helpline == "findahelpline.com indica líneas de ayuda gratuitas en su país"


def test_a_table_with_gaps_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "lines.yaml"
    table.write_text("DE: {emergency: '112'}\n")
    with pytest.raises(FlowError) as refused:
        Helplines.load(table, {"en"})
    assert {issue.code for issue in refused.value.issues} == {"no-numbers", "no-elsewhere"}


def test_what_is_too_long_for_the_reply_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "lines.yaml"
    table.write_text(f"elsewhere: {{en: {{emergency: '112', helpline: '{'1' * 201}'}}}}\n")
    with pytest.raises(FlowError, match=r"lines.yaml:1:\d+: long-text: "):
        Helplines.load(table)
