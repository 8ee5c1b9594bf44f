"""What Twilio's forms mean to us: a message heard, or what became of one that we sent. Pure: no network.

It must never fail on what a person can write; it refuses only what Twilio would not send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from channels.form_values import number, sid
from channels.incoming import Incoming, read_incoming
from channels.twilio_errors import Remedy, concerns_sender, remedy_for
from engine.effects import Attempt
from engine.errors import MalformedWebhook
from engine.events import NOTHING, Heard, Kind, Values

MOST_FIELDS = 1_000

STATUSES = frozenset(
    {
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "partially_delivered",
        "failed",
        "undelivered",
        "canceled",
        "delivered",
        "read",
    }
)
"""What Twilio reports of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """What became of a message that we sent. The same news may come twice, late, or out of order."""

    sid: str
    """Twilio's name of the message."""
    status: str
    """One of `STATUSES`."""
    error_code: int | None = None
    attempt: Attempt | None = None
    """Our own name of this sending: it comes back even if the answer to our request was lost."""
    from_: str = ""
    """Which of our numbers it was sent from."""

    @property
    def concerns_sender(self) -> bool:
        """Whether the other messages from the same number would fail, too."""
        return self.remedy is not None and concerns_sender(self.error_code, self.remedy)

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


def heard(
    fields: Iterable[tuple[str, str]],
    *,
    account_sid: str,
    is_ours: Callable[[str], bool],
    flow: str,
    at: int,
) -> Heard:
    """Read the message in a form, for the flow that its sender talks to. Raises MalformedWebhook.

    `is_ours`: whether messages to this number come to this door.
    """
    message = read_incoming(fields)
    _check_account(message.account_sid, account_sid)
    if not is_ours(message.to):
        raise MalformedWebhook(
            "To is not this webhook's number: compare the TWILIO_… numbers in the settings."
        )
    return of_incoming(message, flow=flow, at=at)


def of_incoming(message: Incoming, *, flow: str, at: int) -> Heard:
    """As much of a message as a conversation needs."""
    kind, data = _kind_and_data(message)
    return Heard(
        key=message.sid,
        flow=flow,
        address=message.from_,
        kind=kind,
        at=at,
        text=message.body,
        tap=message.tap,
        name=message.name,
        replied_to=message.replied_to,
        data=data,
    )


def delivery_status(
    fields: Iterable[tuple[str, str]], *, account_sid: str, attempt: str | None
) -> DeliveryStatus:
    """Read the news in a status callback. Raises MalformedWebhook.

    `attempt`: what channels.whatsapp wrote into the address of the callback.
    """
    form: Mapping[str, str] = dict(fields)
    _check_account(form.get("AccountSid", ""), account_sid)
    status = form.get("MessageStatus", "")
    if status not in STATUSES:
        raise MalformedWebhook("MessageStatus is missing or unknown.")
    return DeliveryStatus(
        sid=sid(form),
        status=status,
        error_code=number(form.get("ErrorCode")) or None,
        attempt=_attempt(attempt or ""),
        from_=form.get("From", ""),
    )


def _attempt(written: str) -> Attempt | None:
    message, time = (number(part or None) for part in written.partition(".")[::2])
    return None if message is None or time is None else Attempt(message, time)


def _check_account(named: str, ours: str) -> None:
    if named != ours:
        raise MalformedWebhook("AccountSid is missing or is not this account's.")


def _kind_and_data(message: Incoming) -> tuple[Kind, Values]:
    """What was sent, and what else is known; Twilio may take anything for an opt-out, not texts alone."""
    kind, data = _kind(message)
    if typed := message.typed:
        data = {**data, "form": typed}
    return kind, {**data, "opt_out": message.opt_out} if message.opt_out else data


def _kind(message: Incoming) -> tuple[Kind, Values]:
    """Text, tap, media or location, and what is in it."""
    if message.tap is not None:
        return "tap", NOTHING
    if message.attachment is not None:
        return "media", {"media": message.attachment}
    if place := message.location:
        return "location", {
            "label": place.label,
            "address": place.address,
            "latitude": place.latitude,
            "longitude": place.longitude,
        }
    return "text", NOTHING
