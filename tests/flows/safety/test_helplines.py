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


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("whatsapp:+262692123456", "FR"),  # Réunion
        ("whatsapp:+590690123456", "FR"),  # Guadeloupe
        ("whatsapp:+596696123456", "FR"),  # Martinique
        ("whatsapp:+594694123456", "FR"),  # French Guiana
        ("whatsapp:+447797712345", "GB"),  # Jersey
        ("whatsapp:+447781123456", "GB"),  # Guernsey
        ("whatsapp:+447624123456", "GB"),  # Isle of Man
        ("whatsapp:+17872345678", "US"),  # Puerto Rico
        ("whatsapp:+13406421234", "US"),  # US Virgin Islands
        ("whatsapp:+16716491234", "US"),  # Guam
        ("whatsapp:PR.13491208655302741918", "US"),
    ],
)
def test_a_territory_that_dials_the_numbers_of_its_country_gets_them(address: str, country: str) -> None:
    assert LINES.at(address, "en") is LINES.by_country[country]


@pytest.mark.parametrize(
    "address",
    [
        "whatsapp:+298212345",  # Faroe Islands
        "whatsapp:+299221234",  # Greenland
        "whatsapp:+358181234567",  # Åland
        "whatsapp:+2975601234",  # Aruba
        "whatsapp:+59995181234",  # Curaçao
        "whatsapp:+35057123456",  # Gibraltar
        "whatsapp:+508551234",  # Saint Pierre and Miquelon
        "whatsapp:+14413701234",  # Bermuda, of the same plan as the United States
        "whatsapp:+18763301234",  # Jamaica, likewise
        "whatsapp:+77710009998",  # Kazakhstan, of the same plan as Russia
    ],
)
def test_where_it_is_not_certain_the_directory_stays(address: str) -> None:
    assert LINES.at(address, "en") is LINES.elsewhere["en"]


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


@pytest.mark.parametrize(
    ("same_as", "code"),
    [
        ("{FR: [RE]}", "no-numbers"),
        ("{DE: [DE]}", "twice"),
        ("{DE: [AA, AA]}", "twice"),
        ("{DE: [[AA]]}", "no-text"),
    ],
)
def test_a_territory_that_cannot_be_told_is_refused(tmp_path: Path, same_as: str, code: str) -> None:
    table = tmp_path / "lines.yaml"
    table.write_text(f"DE: {{emergency: '112', helpline: '1'}}\nsame_as: {same_as}\n")
    with pytest.raises(FlowError) as refused:
        Helplines.load(table)
    assert [(issue.code, issue.line) for issue in refused.value.issues] == [(code, 2)]


def test_what_is_too_long_for_the_reply_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "lines.yaml"
    table.write_text(f"elsewhere: {{en: {{emergency: '112', helpline: '{'1' * 201}'}}}}\n")
    with pytest.raises(FlowError, match=r"lines.yaml:1:\d+: long-text: "):
        Helplines.load(table)
