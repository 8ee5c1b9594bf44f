"""The stand-in for Duckling on machines for which Duckling is not built. Now is Friday, 6 March 2026."""

from __future__ import annotations

import pytest

from channels.understanding.times import settle
from tests.channels.understanding.conftest import FRIDAY_MORNING

pytest.importorskip("dateparser", reason="dateparser is installed only where Duckling cannot be had")

from channels.understanding.dateparser_spans import Dateparser  # only where it can be imported


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("tomorrow at 2pm", "2026-03-07", "14:00"),
        ("at 4 pm please", None, "16:00"),
        ("next monday", "2026-03-09", None),
        ("march 12th at 17:15", "2026-03-12", "17:15"),
        ("hello", None, None),
    ],
)
def test_a_day_and_a_time(text: str, date: str | None, time: str | None) -> None:
    spans = Dateparser("en", day_first=False).spans(text, FRIDAY_MORNING, latent=False)
    value = settle(text, spans, FRIDAY_MORNING) or {"date": None, "time": None}
    assert (value["date"], value["time"]) == (date, time)
