"""What gets into the log when something breaks: places and kinds, never what anybody wrote."""

from __future__ import annotations

from contextlib import suppress

from app.logs import without_values
from engine.errors import TurnFailed

SAID = "call me at +4915112345678"


def logged(error: Exception) -> str:
    return str(without_values((type(error), error, _raised(error).__traceback__)))


def _raised(error: Exception) -> Exception:
    with suppress(type(error)):
        raise error
    return error


def test_a_message_that_may_quote_somebody_is_left_out() -> None:
    line = logged(ValueError(f"invalid literal: {SAID!r}"))
    assert SAID not in line
    assert "ValueError" in line
    assert "test_logs.py" in line


def test_our_own_errors_speak() -> None:
    assert "the step hold_slot never declared taken" in logged(
        TurnFailed("the step hold_slot never declared taken")
    )


def test_causes_keep_quiet_too() -> None:
    error = TurnFailed("it broke")
    error.__cause__ = KeyError(SAID)
    assert SAID not in logged(error)
