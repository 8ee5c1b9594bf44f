"""What can go wrong, split by who must act. A docstring is the default message.

No exception carries a phone number, a name or a message text: they end up in logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


class TherapyBookingError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        """Use the class's docstring when there is nothing more exact to say."""
        super().__init__(message or (self.__doc__ or "").strip())


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """One mistake in a file that a person edits: where, what, why it matters, what to do."""

    file: str
    line: int
    column: int
    code: str
    """A short fixed word such as `unknown-state`, for tools."""
    message: str
    """What is wrong and why it matters, in the author's words."""
    hint: str = ""
    """What to do; often the nearest right name."""

    def __str__(self) -> str:
        """`file:line:column: code: message (hint)`, which editors turn into a link."""
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {self.code}: {self.message}" + (f" ({self.hint})" if self.hint else "")

    def as_json(self) -> dict[str, str | int]:
        """For editors and other tools."""
        return asdict(self)


class FlowError(TherapyBookingError):
    """The flow file has mistakes. Its author must act; it is refused before any client meets it."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        """Carry every mistake at once, in the file's order."""
        self.issues = tuple(sorted(issues))
        super().__init__("\n".join(map(str, self.issues)))


class TurnFailed(TherapyBookingError):
    """A turn could not be taken. We must act; its transaction is gone and nothing was sent."""


class RunawayTurn(TurnFailed):
    """A turn ran more steps than a flow may: usually two steps that lead to each other."""

    def __init__(self, flow: str, state: str, trail: Sequence[str]) -> None:
        """Name the loop, so that the author can find it."""
        super().__init__(f"{flow}.{state}: too many steps in one turn: {' -> '.join(trail)}")


class TryAgain(TherapyBookingError):
    """The database asked for another try (deadlock, lock wait, lost connection). Nothing happened."""


class ChannelError(TherapyBookingError):
    """The outside world failed us."""


class BadSignature(ChannelError):
    """The request is not signed by Twilio for this address. Answered with 403."""


class MalformedWebhook(ChannelError):
    """The request is not a message that Twilio would send. Answered with 400."""


class DeliveryDeferred(ChannelError):
    """The message was certainly not taken; it may be sent again later."""

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        concerns_sender: bool = False,
    ) -> None:
        """`retry_after`: seconds that the other side asked us to wait, if it said so.

        `concerns_sender`: any other message from the same number would be turned away, too.
        """
        super().__init__(message)
        self.retry_after = retry_after
        self.concerns_sender = concerns_sender


class DeliveryUnknown(ChannelError):
    """Nobody can tell whether the message was taken. It is never sent again blindly."""


class DeliveryRefused(ChannelError):
    """The message was refused for good."""

    def __init__(
        self, message: str | None = None, *, code: int | None = None, was_asked: bool = True
    ) -> None:
        """`code`: Twilio's error code, if it gave one. `was_asked`: whether Twilio saw it at all."""
        super().__init__(message)
        self.code = code
        self.was_asked = was_asked


class FreeTextRefused(DeliveryRefused):
    """Free text was refused, as the 24 hours since the person's last message are over; a template may go."""


class ReadingUnavailable(ChannelError):
    """The classifier did not answer in time; another one has to read the text."""

    def __init__(self, message: str | None = None, *, lasting: bool = False) -> None:
        """`lasting`: the next message will fare no better, until somebody mends it or a quota is refilled."""
        super().__init__(message)
        self.lasting = lasting
