"""What the webhooks need from the rest of the product. Only shapes: the app brings the real things."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from channels.floods import Pace
from channels.inbound import DeliveryStatus
from engine.errors import ChannelError
from engine.events import Heard

Door: TypeAlias = Literal["client", "therapist"]
"""Which webhook a message came through."""


class TooManyMessages(ChannelError):
    """One sender writes more in an hour than any person does. Answered with 429."""


class Intake(Protocol):
    """The way into the inbox."""

    async def take_in(self, heard: Heard, pace: Pace) -> bool:
        """Store one inbox row durably; False: it was there already. Raises TryAgain.

        `pace`: how fast its sender writes. Raises TooManyMessages for what no person can have written.
        """


class Therapists(Protocol):
    """Who is a therapist."""

    async def is_therapist(self, address: str) -> bool:
        """Whether this is a therapist's address. Raises TryAgain."""


class DeliveryNews(Protocol):
    """Where the fate of sent messages is written down."""

    async def note(self, status: DeliveryStatus) -> None:
        """Write it down unless it is known or older than what is known. Raises TryAgain."""
