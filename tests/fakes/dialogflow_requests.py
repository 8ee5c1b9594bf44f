"""What the real Dialogflow refuses of a request to read a text."""

from __future__ import annotations

import re
from collections.abc import Collection
from zoneinfo import ZoneInfo

import grpc
from google.cloud import dialogflowcx_v3 as cx

from tests.fakes.dialogflow_agent import Refused, invalid

LONGEST_TEXT = 256
LONGEST_SESSION_ID = 36

_SESSION = re.compile(
    r"(?P<agent>projects/[^/]+/locations/[^/]+/agents/[^/]+)"
    r"(?:/environments/[^/]+)?/sessions/(?P<session>[^/]+)"
)


def check_request(
    request: cx.MatchIntentRequest | cx.DetectIntentRequest, agent: str, languages: Collection[str]
) -> None:
    """Raise `Refused` unless the agent would read it."""
    session = _SESSION.fullmatch(request.session)
    if session is None:
        invalid("Resource name does not match a session of an agent.")
    if len(session["session"]) > LONGEST_SESSION_ID:
        invalid(f"Session id is longer than {LONGEST_SESSION_ID} characters.")
    if session["agent"] != agent:
        raise Refused(grpc.StatusCode.NOT_FOUND, "Agent not found.")
    if not request.query_input.language_code:
        invalid("Missing field query_input.language_code.")
    if request.query_input.language_code not in languages:
        invalid("The agent does not speak this language.")
    text = request.query_input.text.text
    if not text.strip():
        invalid("Input text not set.")
    if len(text) > LONGEST_TEXT:
        invalid(f"Input text exceeds {LONGEST_TEXT} characters.")
    try:
        ZoneInfo(request.query_params.time_zone or "UTC")
    except (KeyError, ValueError):
        invalid("Invalid time zone.")
