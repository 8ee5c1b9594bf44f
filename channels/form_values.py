"""Single values out of Twilio's forms: clean, short, and of the type that they stand for. Pure.

A value that is not what it should be is None or empty; only a message's own SID has to be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from engine.errors import MalformedWebhook

LONGEST_TEXT = 1_600
LONGEST_FORM = 10 * LONGEST_TEXT
"""Characters that are kept of all that was typed into a form."""
LONGEST_NAME = 80
LONGEST_DETAIL = 200
"""Characters that are kept of a label, a title or an address."""

_ADDRESS = re.compile(r"whatsapp:(\+[1-9]\d{6,14}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128})", re.ASCII)
_SID = re.compile(r"[A-Z]{2}[0-9A-Za-z]{1,62}")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def is_address(text: str) -> bool:
    """Whether this is somebody's address on WhatsApp: a phone number or a user id."""
    return _ADDRESS.fullmatch(text) is not None


def is_sid(text: str) -> bool:
    """Whether Twilio may have named something so."""
    return _SID.fullmatch(text) is not None


def sid(form: Mapping[str, str]) -> str:
    """Twilio's name of the message that a form is about. Raises MalformedWebhook."""
    named = sid_or_none(form.get("MessageSid"))
    if named is None:
        raise MalformedWebhook("MessageSid is missing or malformed.")
    return named


def number(text: str | None) -> int | None:
    """A count or a code; None for anything else."""
    return int(text) if text and _NUMBER.fullmatch(text) else None


def sid_or_none(text: str | None) -> str | None:
    """The SID that a field may have."""
    return text if text and _SID.fullmatch(text) else None


def json_object(packed: str | None) -> Mapping[str, Any] | None:
    """A JSON object; None for anything else."""
    try:
        data = json.loads(packed or "")
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def texts_in(*values: object) -> str:
    """All texts within JSON values, each in a line of its own; also within JSON packed into a text."""
    found: list[str] = []
    waiting = list(reversed(values))
    while waiting:  # no recursion: whoever sends it chooses how deep it is
        match waiting.pop():
            case dict() as names:
                waiting += reversed(names.values())
            case list() as items:
                waiting += reversed(items)
            case str() as text if packed := json_object(text):
                waiting.append(packed)
            case str() as text if text.strip():
                found.append(clean(text)[:LONGEST_TEXT])
    return "\n".join(found)[:LONGEST_FORM]


def text_of(form: Mapping[str, str], name: str) -> str:
    """What somebody wrote."""
    return clean(form.get(name, ""))[:LONGEST_TEXT]


def detail_of(form: Mapping[str, str], name: str) -> str:
    """A label, a title or an id."""
    return clean(form.get(name, ""))[:LONGEST_DETAIL]


def name_of(form: Mapping[str, str], name: str) -> str:
    """What somebody or something is called."""
    return clean(form.get(name, ""))[:LONGEST_NAME]


def clean(text: str) -> str:
    """Without what no database and no channel takes: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
