"""The flows that are in force. A changed file is taken when it is good; a bad one changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from engine.errors import FlowError
from engine.machine import FlowMachine
from engine.model import Flows
from engine.vocabulary import Vocabulary
from flows.guards import GUARDS
from flows.load import load_flows
from flows.registry import Step, steps_of, words
from flows.steps import (
    approval,
    attendance,
    availability,
    blocked_time,
    booking,
    calendar_feed,
    client_history,
    consent,
    looking,
    moving,
    own_appointments,
    proposing,
    refusing,
    reminders,
    running_late,
    safety,
    series,
    talk,
    talk_to_client,
    therapist_day,
    waitlist,
    whose_clock,
)
from flows.texts import Texts

log = structlog.get_logger("flows")

STEPS: Mapping[str, Step] = steps_of(
    *(availability, looking, booking, series, own_appointments, moving, approval, reminders, safety, consent),
    *(talk, attendance, refusing, proposing, calendar_feed, waitlist, whose_clock),
    *(therapist_day, blocked_time, client_history, talk_to_client, running_late),
)


class FlowFile:
    """flows.yaml with its texts."""

    def __init__(self, path: Path, texts_path: Path, vocabulary: Vocabulary) -> None:
        """Load. Raises FlowError with every mistake."""
        self._path = path
        self._texts_path = texts_path
        self._vocabulary = vocabulary
        self._stamp = self._stamped()
        self._load()

    def _load(self) -> None:
        texts = Texts.load(self._texts_path)
        flows = load_flows(self._path, words(STEPS, GUARDS, self._vocabulary, texts))
        self.texts = texts
        self.flows: Flows = flows
        self.machines = {name: FlowMachine(flow, GUARDS) for name, flow in flows.items()}

    def refresh(self) -> bool:
        """Take a newer version if there is a good one; True when one was taken."""
        stamp = self._stamped()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._load()
        except FlowError as error:
            log.error(
                "flows refused; the last good version goes on", issues=[str(one) for one in error.issues]
            )
            return False
        log.info("flows taken", structure={name: flow.structure for name, flow in self.flows.items()})
        return True

    def _stamped(self) -> tuple[tuple[str, int], ...]:
        """When the files were changed last."""
        paths = [self._path, *sorted(self._texts_path.glob("*.yaml"))]
        stamps = []
        for path in paths:
            with suppress(FileNotFoundError):  # an editor may be just replacing it
                stamps.append((path.name, path.stat().st_mtime_ns))
        return tuple(stamps)
