"""The channel of `serve`: one outbox row by way of Twilio, in the form that WhatsApp takes now.

Within 24 hours of the person's last message everything goes out, with buttons and lists where these were made
beforehand; later only templates do. The choice is made here, when a message is sent, and not when it is owed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import structlog

from channels.contents import Content, fill_frame, fill_template, rendered
from channels.twilio_account import TwilioAccount
from channels.twilio_errors import Remedy, remedy_for
from channels.whatsapp import Outgoing, WhatsApp
from engine.effects import Message
from engine.errors import DeliveryDeferred, DeliveryRefused, TryAgain
from engine.window import is_open
from storage.contents import Contents, StoredContent
from storage.owed import Owed
from storage.store import Storage

log = structlog.get_logger("deliveries")

TOO_LATE = 63016
"""Twilio's code for free text outside the 24 hours."""
READ_EVERY = 15
"""Seconds: how long it may go unnoticed that a template was made or approved."""


class WhatsAppDelivery:
    """Sends what is owed."""

    def __init__(
        self, whatsapp: WhatsApp, account: TwilioAccount, storage: Storage, clock: Callable[[], int]
    ) -> None:
        self._whatsapp = whatsapp
        self._account = account
        self._shelf = ContentShelf(storage.contents, clock)
        self._clock = clock

    async def send(self, owed: Owed) -> str:
        """See app.deliveries.Channel. What needs a template and has none is refused, not sent in vain."""
        content = self._content(owed, await self._shelf.read())
        outgoing = _outgoing(owed, content)
        try:
            return await self._whatsapp.send(outgoing)
        except DeliveryRefused as error:  # so certainly not taken
            if content is None or not content.replaceable or not _is_our_mistake(error.code):
                raise
            # What was made may have been deleted over there.
            log.warning("buttons refused; sent as words", outbox=owed.id, code=error.code)
            return await self._whatsapp.send(replace(outgoing, content=None))

    async def look_for(self, owed: Owed) -> list[str]:
        """See app.settling.Looking. Which form it went out in, and in which version, nobody wrote down."""
        wordings = wordings_of(owed.message, await self._shelf.read())
        return await self._whatsapp.look_for(_outgoing(owed), owed.created_at, wordings)

    def sender(self, flow: str) -> str:
        """See app.deliveries.Channel."""
        return self._account.sender(flow)

    def _content(self, owed: Owed, made: list[StoredContent]) -> Content | None:
        """What it is sent with; None for its words. Raises DeliveryRefused when there is no way to send it.

        Of somebody who was never heard here nobody knows: what they wrote to this number may have come before
        us, or have joined them to Twilio's sandbox. They get a template if there is one, and words otherwise.
        """
        if is_open(owed.heard_at, self._clock()) and not owed.template_only:
            return frame(owed.message, made)
        if content := template(owed.message, made):
            return content
        if owed.heard_at is None and not owed.template_only:
            return frame(owed.message, made)
        raise DeliveryRefused(_what_is_missing(owed.message), code=TOO_LATE, was_asked=False)


def _outgoing(owed: Owed, content: Content | None = None) -> Outgoing:
    return Outgoing(
        attempt=owed.next_attempt,
        flow=owed.flow,
        address=owed.address,
        text=owed.message.text,
        options=owed.message.options,
        content=content,
    )


class ContentShelf:
    """What was made in WhatsApp, as it was read a moment ago."""

    def __init__(self, contents: Contents, clock: Callable[[], int]) -> None:
        self._contents = contents
        self._clock = clock
        self._read_at: int | None = None
        self._made: list[StoredContent] = []

    async def read(self) -> list[StoredContent]:
        """Everything, the oldest first. Raises DeliveryDeferred when it was never read and cannot be."""
        now = self._clock()
        if self._read_at is None or not self._read_at <= now < self._read_at + READ_EVERY:
            try:
                self._made = await self._contents.all()
            except TryAgain as error:
                if self._read_at is None:
                    raise DeliveryDeferred("The database does not tell which templates there are.") from error
                log.warning("templates not read again", reason=str(error))
                return self._made
            self._read_at = now
        return self._made


def template(message: Message, made: list[StoredContent]) -> Content | None:
    """The newest approved template of a message's text, with the same buttons, filled in."""
    buttons = tuple(option.event for option in message.options)
    for one, variables in _filled(message, made):
        if one.is_approved and one.buttons == buttons:
            return Content(one.sid, variables)
    return None


def wordings_of(message: Message, made: list[StoredContent]) -> set[str]:
    """How a message reads as a template, word for word, in every version that there ever was."""
    return {rendered(one.body, variables) for one, variables in _filled(message, made) if one.body}


def _filled(message: Message, made: list[StoredContent]) -> Iterator[tuple[StoredContent, dict[str, str]]]:
    """The templates of a message's text, the newest first, each with what fills it."""
    filled = message.template
    if filled is None:
        return
    for one in reversed(made):
        is_it = (one.kind, one.text_key, one.language) == ("template", filled.key, filled.language)
        if is_it and set(one.places) <= set(filled.values):
            values = [filled.values[place] for place in one.places]
            yield one, fill_template(one.body, values, message.options)


def frame(message: Message, made: list[StoredContent]) -> Content | None:
    """Something to tap, where a frame for these options was made and the message fits into it."""
    fitting = fill_frame(message.text, message.options)
    if fitting is None:
        return None
    kind, variables = fitting
    for one in reversed(made):
        if one.is_there and one.kind == kind and len(one.buttons) == len(message.options):
            return Content(one.sid, variables, replaceable=True)
    return None


def _is_our_mistake(code: int | None) -> bool:
    return code is not None and remedy_for(code) is Remedy.OUR_MISTAKE


def _what_is_missing(message: Message) -> str:
    """Why a message cannot go out, for the operator: names of texts, and none of their words."""
    if message.template is None:
        return "The person wrote over 24 hours ago, and this text is no template. Run `flows check`."
    return (
        f"The person wrote over 24 hours ago, and the template of the text `{message.template.key}` in "
        f"`{message.template.language}` is not approved. Run `templates push` and `templates status`."
    )
