"""Whose Twilio account it is, and under which addresses Twilio reaches us. It must never log itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

API_BASE_URL = "https://api.twilio.com"
CONTENT_BASE_URL = "https://content.twilio.com"
SANDBOX = "whatsapp:+14155238886"
"""The number that all sandboxes share; it is set up on a page of its own, which no API reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """Everything about the account. Empty fields mean that there is none yet: the simulator needs none."""

    account_sid: str = field(default="", metadata={"setting": "WHATSAPP_SID"})
    auth_token: str = field(default="", repr=False, metadata={"setting": "WHATSAPP_TOKEN"})
    other_tokens: tuple[str, ...] = field(default=(), repr=False, metadata={"setting": "WHATSAPP_TOKEN"})
    """While the token is being changed: what else Twilio may sign with, the new one or still the old one."""
    client_number: str = field(default="", metadata={"setting": "TWILIO_PHONE_NUMBER"})
    """The practice's number, to which clients write."""
    therapist_number: str = field(default="", metadata={"setting": "TWILIO_THERAPIST_PHONE_NUMBER"})
    """A second number for therapists; empty when both share the practice's number."""
    client_webhook_url: str = field(default="", metadata={"setting": "CLIENT_WEBHOOK_URL"})
    therapist_webhook_url: str = field(default="", metadata={"setting": "THERAPIST_WEBHOOK_URL"})
    status_webhook_url: str = field(default="", metadata={"setting": "STATUS_WEBHOOK_URL"})
    api_base_url: str = field(default=API_BASE_URL, metadata={"setting": "TWILIO_API_BASE_URL"})

    content_base_url: str = field(default=CONTENT_BASE_URL, metadata={"setting": "TWILIO_CONTENT_BASE_URL"})

    @property
    def has_one_number(self) -> bool:
        """Whether clients and therapists write to the same number and are told apart by who they are."""
        return not self.therapist_number or _bare(self.therapist_number) == _bare(self.client_number)

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """Every token that a request of Twilio's may be signed with."""
        return (self.auth_token, *self.other_tokens)

    @property
    def is_elsewhere(self) -> bool:
        """Whether a stand-in or a proxy takes the place of Twilio's own hosts."""
        return self.api_base_url.rstrip("/") != API_BASE_URL

    @property
    def numbers(self) -> tuple[str, ...]:
        """The account's numbers that conversations are held with, each once, as Twilio writes them."""
        return tuple(dict.fromkeys(self.number_for(flow) for flow in ("client", "therapist")))

    def number_for(self, flow: str) -> str:
        """Give the number that conversations of this flow are held with, as Twilio writes it."""
        number = self.client_number if self.sender(flow) == "clients" else self.therapist_number
        return f"whatsapp:{_bare(number)}"

    def is_reached_at(self, flow: str, number: str) -> bool:
        """Whether what is written to this number comes to the door of this flow.

        The sandbox's number counts always: it is Twilio's, and whose sandbox it is the account tells.
        """
        return number in {self.number_for(flow), SANDBOX}

    def sender(self, flow: str) -> str:
        """Which of the two numbers it is, in a word that may be logged."""
        return "clients" if flow == "client" or self.has_one_number else "therapists"

    def sender_with(self, number: str) -> str | None:
        """Which of the two a number is; None: neither."""
        return next(
            (self.sender(flow) for flow in ("client", "therapist") if self.number_for(flow) == number), None
        )

    def missing(self, *fields: str) -> list[str]:
        """Which of these fields are empty, by the names of their settings."""
        return [setting_name(name) for name in fields if not getattr(self, name)]


def setting_name(name: str) -> str:
    """Say what the operator calls a field of `TwilioAccount`."""
    known: str = TwilioAccount.__dataclass_fields__[name].metadata["setting"]
    return known


def _bare(number: str) -> str:
    return re.sub(r"[^+\d]", "", number.removeprefix("whatsapp:"))
