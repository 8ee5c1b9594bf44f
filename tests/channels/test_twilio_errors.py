"""Twilio's codes, as they were gathered from its documentation, each with what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from channels.twilio_errors import REMEDIES, Remedy, concerns_sender, remedy_for, remedy_for_status

ROOT = Path(__file__).parents[2]
GATHERED = {
    Remedy.SOON: "20429",
    Remedy.LATER: "20503 21611 63010 63012 63017 63018 63023 63029 30001 14107",
    Remedy.TOMORROW: "63038",
    Remedy.WITHOUT_MEDIA: "63019 63034 63037",
    Remedy.RECONCILE: "20500 30410",
    Remedy.TEMPLATE: "63016",
    Remedy.UNREACHABLE: "63003 63005 63014 63024 63032 63033 21610 63049 21211 21614 63031 63036",
    Remedy.JOIN_SANDBOX: "63015",
    Remedy.OPERATOR: "20003 20404 63001 63002 63007 63008 63020 63022 63051 30002 21606 21612 21660 21703",
    Remedy.OUR_MISTAKE: (
        "21602 21603 21604 21609 21617 21619 21620 21623 21654 21655 21656 21658 "
        "63013 63021 63027 63028 63030 63040 63041 63042 63052"
    ),
}
CODES = [(int(code), remedy) for remedy, codes in GATHERED.items() for code in codes.split()]
OF_SENDER = {20429, 63038, 63017, 63018, 21611} | {
    code for code, remedy in CODES if remedy is Remedy.OPERATOR
} - {21612}


@pytest.mark.parametrize(("code", "remedy"), CODES)
def test_each_code_has_its_remedy(code: int, remedy: Remedy) -> None:
    assert remedy_for(code) is remedy
    assert concerns_sender(code, remedy) is (code in OF_SENDER)


def test_no_code_is_there_that_was_not_gathered() -> None:
    assert dict(CODES) == REMEDIES
    assert remedy_for(99999) is Remedy.UNKNOWN_CODE


def test_the_operators_table_has_every_code_once() -> None:
    _, _, table = (ROOT / "docs" / "twilio.md").read_text(encoding="utf-8").partition("## What to do about")
    told: list[int] = []
    for first, last in re.findall(
        r"\b(\d{5})(?:–(\d{5}))?\b", "".join(re.findall(r"^\| ([^|]*)", table, re.MULTILINE))
    ):
        told += range(int(first), int(last or first) + 1)
    assert sorted(told) == sorted(code for code, _ in CODES)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (302, Remedy.OPERATOR),
        (400, Remedy.UNKNOWN_CODE),
        (401, Remedy.OPERATOR),
        (403, Remedy.OPERATOR),
        (404, Remedy.OPERATOR),
        (413, Remedy.UNKNOWN_CODE),
        (429, Remedy.SOON),
        (500, Remedy.RECONCILE),
        (502, Remedy.RECONCILE),
        (504, Remedy.RECONCILE),
    ],
)
def test_without_a_code_the_status_has_one(status: int, remedy: Remedy) -> None:
    assert remedy_for_status(status) is remedy
