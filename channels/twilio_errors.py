"""Twilio's error codes, sorted by what to do about them. Data only; a code that is not here is UNKNOWN_CODE.

Messages and HTTP statuses change; the codes are what to rely on. One HTTP status hides very different
codes: 429 may mean "in a moment" (20429) or "tomorrow" (63038).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus


class Remedy(Enum):
    """What to do about a message that Twilio did not deliver."""

    SOON = "send it again in a moment"
    LATER = "send it again in some minutes, if it is still of use"
    TOMORROW = "the messages of the last 24 hours are used up: send it when there is room again"
    WITHOUT_MEDIA = "send it again without its attachment"
    RECONCILE = "find out whether it was taken; never send it again blindly"
    TEMPLATE = "the 24 hours since the person's last message are over: only a template may be sent"
    UNREACHABLE = "this person cannot or does not want to be reached here"
    JOIN_SANDBOX = "the person has to join the sandbox first"
    OPERATOR = "the account is not set up for this: an operator has to act"
    OUR_MISTAKE = "the message itself is wrong: a developer has to act"
    UNKNOWN_CODE = "a code we do not know: look it up"


_CODES: Mapping[Remedy, tuple[int, ...]] = {
    Remedy.SOON: (20429,),
    Remedy.LATER: (20503, 21611, 63010, 63012, 63017, 63018, 63023, 63029, 30001, 14107),
    Remedy.TOMORROW: (63038,),
    Remedy.WITHOUT_MEDIA: (63019, 63034, 63037),
    Remedy.RECONCILE: (20500, 30410),
    Remedy.TEMPLATE: (63016,),
    Remedy.UNREACHABLE: (
        *(63003, 63005, 63014, 63024, 63032, 63033, 63049, 63031, 63036),
        *(21610, 21211, 21614),
    ),
    Remedy.JOIN_SANDBOX: (63015,),
    Remedy.OPERATOR: (
        *(20003, 20404, 63001, 63002, 63007, 63008, 63020, 63022, 63051),
        *(30002, 21606, 21612, 21660, 21703),
    ),
    Remedy.OUR_MISTAKE: (
        *(21602, 21603, 21604, 21609, 21617, 21619, 21620, 21623, 21654, 21655, 21656, 21658),
        *(63013, 63021, 63027, 63028, 63030, 63040, 63041, 63042, 63052),
    ),
}

WAITS: Mapping[Remedy, float | None] = {
    Remedy.SOON: None,
    Remedy.LATER: 60.0,
    Remedy.TOMORROW: 3600.0,
    Remedy.OPERATOR: 15 * 60.0,
}
"""Seconds to wait before sending again, unless Twilio said how long; None: whoever sends backs off.

Which day Remedy.TOMORROW means Twilio does not say. Assumed are the last 24 hours, whenever they are, so that
room comes back bit by bit; to ask once an hour finds it either way.
"""
OPTED_OUT = frozenset({21610, 63033})
"""Codes that say that the person has asked Twilio or WhatsApp for no more messages of this number."""

REMEDIES: Mapping[int, Remedy] = {code: remedy for remedy, codes in _CODES.items() for code in codes}


_OF_SENDER = frozenset({21611, 63017, 63018})
_OF_MESSAGE = frozenset({21612})
_REMEDIES_OF_SENDER = frozenset({Remedy.SOON, Remedy.TOMORROW, Remedy.OPERATOR})


def concerns_sender(code: int | None, remedy: Remedy) -> bool:
    """Whether the other messages from the same number would be turned away, too.

    Of what an operator has to mend, only a recipient who cannot be reached from this number (21612) does
    not concern the others.
    """
    return code in _OF_SENDER or (remedy in _REMEDIES_OF_SENDER and code not in _OF_MESSAGE)


def remedy_for(code: int) -> Remedy:
    """Tell what to do about one of Twilio's error codes."""
    return REMEDIES.get(code, Remedy.UNKNOWN_CODE)


def remedy_for_status(status: int) -> Remedy:
    """Tell what to do when the answer has no code of Twilio's that we know: a proxy may have made it up."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Remedy.SOON
    is_misdirected = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    if is_misdirected or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return Remedy.OPERATOR
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Remedy.UNKNOWN_CODE
    return Remedy.RECONCILE
