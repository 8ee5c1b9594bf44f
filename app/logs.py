"""Logs: one JSON object a line, ids and names of rules only. Nobody's number, name or words get here."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import ExcInfo

from engine.errors import TherapyBookingError

_FRAMES = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def without_values(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """A traceback that names places and kinds. Only our own errors speak: others may quote what was said."""
    stacks = _FRAMES(exc_info)
    ours = {kind.__name__ for kind in _kinds(TherapyBookingError)}
    for stack in stacks:
        if stack["exc_type"] not in ours:
            stack["exc_value"] = ""
            stack["exc_notes"] = []
    return stacks


def _kinds(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(_kinds(below) for below in kind.__subclasses__()))


def set_up_logs(*, debug: bool, quiet: bool = False) -> None:
    """Write to standard error; libraries that would log addresses or texts are kept quiet.

    `quiet`: only warnings, for commands that somebody reads along with.
    """
    usual = logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    for name in ("transitions", "twilio", "aiohttp", "google", "grpc"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(without_values),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else usual),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
