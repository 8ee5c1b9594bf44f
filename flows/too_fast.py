"""Somebody writes faster than anybody can be answered: the door marks one message, and they are told once."""

from __future__ import annotations

from dataclasses import replace

from engine.events import Event, Heard

TOO_FAST = "too_fast"
"""The event of the marked message; what stands in it is kept, but not acted on."""


def marked(heard: Heard) -> Heard:
    """The message with the mark."""
    return replace(heard, data={**heard.data, TOO_FAST: True})


def too_fast(heard: Heard) -> Event | None:
    """See engine.ports.Screen. It comes after the others: nobody in danger has written too fast."""
    return Event(TOO_FAST) if heard.data.get(TOO_FAST) else None
