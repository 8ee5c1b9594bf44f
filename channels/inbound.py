"""What Twilio's form says, as a typed value. Pure: no network, no clock.

It must never fail on what a person can write; it refuses only what Twilio would not send.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from channels.twilio_errors import Remedy, remedy_for
from engine.errors import MalformedWebhook
from engine.events import NOTHING, Heard, Kind, Values

LONGEST_TEXT = 1_600
LONGEST_NAME = 80
MOST_FIELDS = 1_000

_ADDRESS = re.compile(r"whatsapp:(\+[1-9]\d{6,14}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128})", re.ASCII)
_SID = re.compile(r"[A-Z]{2}[0-9A-Za-z]{1,64}")
_OPTION_ID = re.compile(r"[\x20-\x7e]{1,200}")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)

STATUSES = frozenset(
    {
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "failed",
        "undelivered",
        "canceled",
        "delivered",
        "read",
    }
)
"""What Twilio reports of a message."""

OPT_OUTS = frozenset({"STOP", "START", "HELP"})
"""What Twilio's Advanced Opt-Out makes of a message. It has answered such a message already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """What became of a message that we sent. The same news may come twice, late, or out of order."""

    sid: str
    """Twilio's name of the message."""
    status: str
    """One of `STATUSES`."""
    error_code: int | None = None
    outbox_id: int | None = None
    """Our own number of the message: it comes back even if the answer to our request was lost."""

    @property
    def remedy(self) -> Remedy | None:
        """What to do about a failure; None when there is none."""
        return None if self.error_code is None else remedy_for(self.error_code)


def form_fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """All fields of a form, in order, blank ones included. Raises MalformedWebhook."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise MalformedWebhook("The request is not a form (application/x-www-form-urlencoded).")
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeDecodeError as error:
        raise MalformedWebhook("The form is not in UTF-8.") from error
    except ValueError as error:
        raise MalformedWebhook(f"The form has more than {MOST_FIELDS} fields.") from error


def heard(fields: Iterable[tuple[str, str]], *, account_sid: str, flow: str, at: int) -> Heard:
    """Read the message in a form, for the flow that its sender talks to. Raises MalformedWebhook."""
    form = dict(fields)
    _check_account(form, account_sid)
    kind, tap, data = _kind(form)
    return Heard(
        key=_sid(form),
        flow=flow,
        address=sender(form),
        kind=kind,
        at=at,
        text=_clean(form.get("Body", ""))[:LONGEST_TEXT],
        tap=tap,
        name=_clean(form.get("ProfileName", "")).strip()[:LONGEST_NAME] or None,
        data=data,
    )


def sender(form: Mapping[str, str]) -> str:
    """Read the address of whoever wrote: a phone number or a WhatsApp user id. Raises MalformedWebhook."""
    address = form.get("From", "")
    if not _ADDRESS.fullmatch(address):
        raise MalformedWebhook("From is missing or is no WhatsApp address.")
    return address


def delivery_status(
    fields: Iterable[tuple[str, str]], *, account_sid: str, outbox_id: str | None
) -> DeliveryStatus:
    """Read the news in a status callback. Raises MalformedWebhook."""
    form = dict(fields)
    _check_account(form, account_sid)
    status = form.get("MessageStatus", "")
    if status not in STATUSES:
        raise MalformedWebhook("MessageStatus is missing or unknown.")
    return DeliveryStatus(
        sid=_sid(form),
        status=status,
        error_code=_number(form.get("ErrorCode")) or None,
        outbox_id=_number(outbox_id),
    )


def _check_account(form: Mapping[str, str], account_sid: str) -> None:
    if form.get("AccountSid") != account_sid:
        raise MalformedWebhook("AccountSid is missing or is not this account's.")


def _sid(form: Mapping[str, str]) -> str:
    sid = form.get("MessageSid", "")
    if not _SID.fullmatch(sid):
        raise MalformedWebhook("MessageSid is missing or malformed.")
    return sid


def _kind(form: Mapping[str, str]) -> tuple[Kind, str | None, Values]:
    """Text, tap, media or location; the tapped option; what else is known."""
    tap = _tapped(form)
    if tap is not None:
        return "tap", tap, NOTHING
    if _number(form.get("NumMedia")):
        return "media", None, {"media": _clean(form.get("MediaContentType0", ""))[:LONGEST_NAME]}
    if "Latitude" in form and "Longitude" in form:
        named = {"label": "Label", "address": "Address", "latitude": "Latitude", "longitude": "Longitude"}
        return "location", None, {key: _clean(form.get(name, ""))[:200] for key, name in named.items()}
    return "text", None, {"opt_out": form["OptOutType"]} if form.get("OptOutType") in OPT_OUTS else NOTHING


def _tapped(form: Mapping[str, str]) -> str | None:
    """Find the id of the tapped option. Which field has it depends on what was tapped, and on the year."""
    candidates = (
        form.get("ButtonPayload"),
        form.get("ListId"),
        _interactive(form.get("InteractiveData", "")),
    )
    return next((id_ for id_ in candidates if id_ and _OPTION_ID.fullmatch(id_)), None)


def _interactive(packed: str) -> str | None:
    """Find an id inside the JSON of `InteractiveData`, at the top or one level down."""
    try:
        data = json.loads(packed)
    except (ValueError, RecursionError):
        return None
    levels = [data, *data.values()] if isinstance(data, dict) else []
    ids = (level.get("id") for level in levels if isinstance(level, dict))
    return next((id_ for id_ in ids if isinstance(id_, str)), None)


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None


def _clean(text: str) -> str:
    """Without what no database and no channel takes: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
