"""Every field that Twilio documents of a WhatsApp message, as a typed value. Pure: no network, no clock.

It must never fail on what a person can write; it refuses only what Twilio would not send. Fields that
Twilio adds without notice are left alone. Those of SMS alone (`FromCity` and the like) are not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

from channels.form_values import (
    LONGEST_NAME,
    clean,
    detail_of,
    is_address,
    json_object,
    name_of,
    number,
    sid,
    sid_or_none,
    text_of,
    texts_in,
)
from engine.errors import MalformedWebhook

_OPTION_ID = re.compile(r"[\x20-\x7e]{1,200}")
_MOST_MEDIA = 10
"""WhatsApp sends one with a message; other channels up to ten."""

OptOut: TypeAlias = Literal["START", "STOP", "HELP"]
"""What Twilio's Advanced Opt-Out made of a message, and has already answered."""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, a voice note, a document, a sticker or a vCard."""

    content_type: str
    url: str
    """Where Twilio keeps it; opening it takes the account's login."""


@dataclass(frozen=True, slots=True)
class Button:
    """A tap on a quick-reply button."""

    title: str
    payload: str
    """The id that we gave it."""
    type: str
    """`REPLY` or `ACTION`; empty in older forms."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row picked from a list. Seen in the field, not in Twilio's documentation."""

    id: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Location:
    """A place on the map, as its sender's phone wrote it. Only a known place has a label and an address."""

    latitude: str
    longitude: str
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Referral:
    """The advertisement through which somebody came to write."""

    headline: str
    body: str
    source_id: str
    source_type: str
    source_url: str
    click_id: str
    media: Media | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message to one of our numbers. Texts are clean: storable, and no longer than anybody needs."""

    sid: str
    account_sid: str
    service_sid: str | None
    """The messaging service by which it came, if by one."""
    from_: str
    """A phone number (`whatsapp:+…`), or the id of somebody who shows a user name only (`whatsapp:US.…`)."""
    to: str
    body: str
    """The text, a medium's caption, or the title of what was tapped."""
    segments: int
    name: str | None
    """What the person calls themselves."""
    wa_id: str | None
    """The phone number's digits; not there for people without one."""
    external_user_id: str | None
    """WhatsApp's own name of the person, which stays when a number changes."""
    message_type: str
    """`text`, `interactive`, `button`, `image`, `contacts`, …; empty in older forms."""
    media: tuple[Media, ...]
    location: Location | None
    button: Button | None
    row: ListRow | None
    interactive: Mapping[str, Any] | None
    """`InteractiveData`: what a list or a WhatsApp flow gave back."""
    flow_data: Mapping[str, Any] | None
    replied_to: str | None
    """The SID of the message that this one answers, or whose button was tapped; kept for seven days."""
    replied_to_sender: str | None
    forwarded: bool
    frequently_forwarded: bool
    referral: Referral | None
    metadata: Mapping[str, Any] | None
    """`ChannelMetadata`."""
    opt_out: OptOut | None

    @property
    def tap(self) -> str | None:
        """The id of what was tapped. Which field has it depends on what was tapped, and on the year."""
        candidates = (
            self.button.payload if self.button else None,
            self.row.id if self.row else None,
            _id_within(self.interactive),
        )
        return next((id_ for id_ in candidates if id_ and _OPTION_ID.fullmatch(id_)), None)

    @property
    def typed(self) -> str:
        """The texts of a form that was filled in, a line each: any of them may be a person's."""
        return texts_in(self.interactive, self.flow_data)

    @property
    def attachment(self) -> str | None:
        """The type of what was sent instead of a text, or with it."""
        if self.media:
            return self.media[0].content_type
        return "text/vcard" if self.message_type == "contacts" else None


def read_incoming(fields: Iterable[tuple[str, str]]) -> Incoming:
    """Read a form. Raises MalformedWebhook."""
    form = dict(fields)
    return Incoming(
        sid=sid(form),
        account_sid=form.get("AccountSid", ""),
        service_sid=sid_or_none(form.get("MessagingServiceSid")),
        from_=_address(form, "From"),
        to=_address(form, "To"),
        body=text_of(form, "Body"),
        segments=number(form.get("NumSegments")) or 1,
        name=clean(form.get("ProfileName", "")).strip()[:LONGEST_NAME] or None,
        wa_id=detail_of(form, "WaId") or None,
        external_user_id=detail_of(form, "ExternalUserId") or None,
        message_type=detail_of(form, "MessageType"),
        media=_media(form),
        location=_location(form),
        button=_button(form),
        row=_row(form),
        interactive=json_object(form.get("InteractiveData")),
        flow_data=json_object(form.get("FlowData")),
        replied_to=sid_or_none(form.get("OriginalRepliedMessageSid")),
        replied_to_sender=detail_of(form, "OriginalRepliedMessageSender") or None,
        forwarded=form.get("Forwarded") == "true",
        frequently_forwarded=form.get("FrequentlyForwarded") == "true",
        referral=_referral(form),
        metadata=json_object(form.get("ChannelMetadata")),
        opt_out=_opt_out(form.get("OptOutType", "")),
    )


def _address(form: Mapping[str, str], name: str) -> str:
    address = form.get(name, "")
    if not is_address(address):
        raise MalformedWebhook(f"{name} is missing or is no WhatsApp address.")
    return address


def _media(form: Mapping[str, str]) -> tuple[Media, ...]:
    count = min(number(form.get("NumMedia")) or 0, _MOST_MEDIA)
    return tuple(
        Media(name_of(form, f"MediaContentType{place}"), clean(form.get(f"MediaUrl{place}", "")))
        for place in range(count)
    )


def _location(form: Mapping[str, str]) -> Location | None:
    if not {"Latitude", "Longitude"} <= form.keys():
        return None
    return Location(*(detail_of(form, name) for name in ("Latitude", "Longitude", "Label", "Address")))


def _button(form: Mapping[str, str]) -> Button | None:
    if not form.get("ButtonPayload") and not form.get("ButtonText"):
        return None
    return Button(detail_of(form, "ButtonText"), form.get("ButtonPayload", ""), detail_of(form, "ButtonType"))


def _row(form: Mapping[str, str]) -> ListRow | None:
    if not form.get("ListId"):
        return None
    return ListRow(form["ListId"], detail_of(form, "ListTitle"), detail_of(form, "ListDescription"))


def _referral(form: Mapping[str, str]) -> Referral | None:
    if not any(name.startswith("Referral") and name != "ReferralNumMedia" for name in form):
        return None
    has_media = bool(number(form.get("ReferralNumMedia")) or form.get("ReferralMediaUrl"))
    media = Media(name_of(form, "ReferralMediaContentType"), clean(form.get("ReferralMediaUrl", "")))
    return Referral(
        headline=text_of(form, "ReferralHeadline"),
        body=text_of(form, "ReferralBody"),
        source_id=detail_of(form, "ReferralSourceId"),
        source_type=detail_of(form, "ReferralSourceType"),
        source_url=text_of(form, "ReferralSourceUrl"),
        click_id=text_of(form, "ReferralCtwaClid"),
        media=media if has_media else None,
    )


def _opt_out(word: str) -> OptOut | None:
    return cast("OptOut", word) if word in get_args(OptOut) else None


def _id_within(data: Mapping[str, Any] | None) -> str | None:
    """An id inside of `InteractiveData`, at the top or one level down."""
    levels = [data, *data.values()] if data else []
    ids = (level.get("id") for level in levels if isinstance(level, dict))
    return next((id_ for id_ in ids if isinstance(id_, str)), None)
