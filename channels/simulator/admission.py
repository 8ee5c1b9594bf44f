"""Who may drive the simulator: its own page in a browser on this machine, and programs on this machine.

Another web site must never get through, neither by sending a form or a script here (`Origin`, the
browser's `Sec-Fetch-Site` and a header that no form can set) nor by pointing a name of its own at this
machine (`Host`). What a request says is checked here too, so that a `Desk` hears only well-formed words.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from quart import Request
from werkzeug.exceptions import RequestEntityTooLarge

from engine.errors import ChannelError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

OWN_HEADER = "X-Simulator"
"""Required with every POST, with any value: a form cannot set it, and a foreign script may not."""

LARGEST_BODY = 32 * 1024
"""Bytes; 4,096 characters of text, each escaped as JSON allows, with room to spare."""

LONGEST_TEXT = 4096
"""Characters, as on WhatsApp."""

LONGEST_JUMP_DAYS = 366
"""How far the clock may be moved at once."""


class NotAdmitted(ChannelError):
    """This request does not come from the simulator's own page. Answered with 403."""


class NotUnderstood(ChannelError):
    """The request is not one that the simulator's page would send. Answered with 400."""


Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f]+$")]
PartyId = Annotated[str, StringConstraints(max_length=60, pattern=r"^(client|therapist):[^\x00-\x1f]+$")]


class Command(BaseModel):
    """What the page may ask for. Unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Said(Command):
    """Somebody wrote something."""

    party: PartyId
    text: Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=r"\S")]
    message_id: Id


class Tapped(Command):
    """Somebody tapped an option."""

    party: PartyId
    option_id: Id
    title: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
    message_id: Id


class Moved(Command):
    """The clock was moved."""

    seconds: int

    @model_validator(mode="after")
    def _within_reach(self) -> Self:
        if not 1 <= self.seconds <= LONGEST_JUMP_DAYS * 24 * 3600:
            raise PydanticCustomError(
                "jump", "It moves forward only, at most {days} days at once.", {"days": LONGEST_JUMP_DAYS}
            )
        return self


class Opened(Command):
    """A client was given a phone."""

    name: Annotated[str, StringConstraints(max_length=30, pattern=r"^[^\W\d_]([\w .'’-]*\w)?$")]


C = TypeVar("C", bound=Command)


def admit(request: Request, hosts: Collection[str]) -> None:
    """Let the request pass, or raise NotAdmitted with the reason."""
    if urlsplit(f"//{request.host}").hostname not in hosts:  # a malformed Host arrives here as ""
        raise NotAdmitted(f"The simulator answers only to these hosts: {', '.join(sorted(hosts))}.")
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise NotAdmitted("Another web site sent this request; only the simulator's own page may.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise NotAdmitted("The browser says that another web site sent this request.")
    if OWN_HEADER not in request.headers:
        raise NotAdmitted(f"The header {OWN_HEADER} is missing.")


async def command(request: Request, kind: type[C]) -> C:
    """Read and check the body.

    Raises:
        NotUnderstood: it is not JSON, or not of this kind; every mistake is named.
        RequestEntityTooLarge: it is longer than `LARGEST_BODY`.
    """
    if request.mimetype != "application/json":
        raise NotUnderstood("The body must be JSON, with the content type application/json.")
    body = bytearray()
    async for chunk in request.body:
        body += chunk
        if len(body) > LARGEST_BODY:
            raise RequestEntityTooLarge(f"The body is longer than {LARGEST_BODY} bytes.")
    try:
        return kind.model_validate_json(bytes(body))
    except ValidationError as refused:
        mistakes = (
            ": ".join((*map(str, mistake["loc"]), mistake["msg"]))
            for mistake in refused.errors(include_url=False, include_input=False)
        )
        raise NotUnderstood("; ".join(mistakes)) from None
