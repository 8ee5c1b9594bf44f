"""Twilio's message resource: what it refuses, with which code, and how it shows what it took."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

API_VERSION = "2010-04-01"
LONGEST_BODY = 1_600
LONGEST_VALIDITY = 36_000
"""Seconds."""
MOST_MEDIA = 10

# Assumed: that a WhatsApp user name ("US.123...") is taken as `To`. It was announced; nobody has tried.
_ADDRESS = re.compile(r"whatsapp:(\+[1-9][0-9]{6,14}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128})")
_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
_PARAMETERS = frozenset(
    {
        *("To", "From", "FallbackFrom", "MessagingServiceSid", "Body", "MediaUrl", "ContentSid"),
        *("ContentVariables", "StatusCallback", "ApplicationSid", "MaxPrice", "ProvideFeedback", "Attempt"),
        *("ValidityPeriod", "ForceDelivery", "ContentRetention", "AddressRetention", "SmartEncoded"),
        *("PersistentAction", "TrafficType", "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms"),
        *("MessageIntent", "RiskCheck"),
    }
)


class RefusedByTwilio(Exception):  # it is an answer, not an error of the fake
    """What Twilio answers instead of taking a message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


@dataclass(slots=True, kw_only=True)
class SentMessage:
    """A message that Twilio took."""

    sid: str
    account_sid: str
    to: str
    from_: str
    body: str = ""
    content_sid: str | None = None
    content_variables: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[tuple[str, str], ...] = ()
    """What can be tapped: titles with their ids."""
    status_callback: str | None = None
    status: str = "queued"
    error_code: int | None = None
    direction: str = "outbound-api"
    media: int = 0
    service_sid: str | None = None
    fails_with: int | None = None
    """The code that is reported of it afterwards, if it cannot be delivered."""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, object]:
        """As the API shows it."""
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}"
        date = format_datetime(self.created)
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "to": self.to,
            "from": self.from_,
            "direction": self.direction,
            "status": self.status,
            "error_code": self.error_code,
            "error_message": None,
            "messaging_service_sid": self.service_sid,
            "num_segments": "1",
            "num_media": str(self.media),
            "price": None,
            "price_unit": None,
            "date_created": date,
            "date_updated": date,
            "date_sent": None if self.status in {"queued", "accepted"} else date,
            "uri": f"{uri}.json",
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }


def read_message(
    form: Mapping[str, str],
    *,
    sid: str,
    account_sid: str,
    numbers: Collection[str],
    opted_out: Collection[str] = (),
) -> SentMessage:
    """The message in a request, or RefusedByTwilio."""
    for is_wrong, code, why in _MISTAKES:
        if is_wrong(form):
            raise RefusedByTwilio(400, code, f"{why}: {form.get('To')}")
    service = form.get("MessagingServiceSid")
    if not service and form["From"] not in numbers:
        raise RefusedByTwilio(400, 63007, "Could not find a Channel with the specified From address")
    if form["To"] in opted_out:
        raise RefusedByTwilio(400, 21610, "Attempt to send to unsubscribed recipient")
    return SentMessage(
        sid=sid,
        account_sid=account_sid,
        to=form["To"],
        from_=form.get("From", ""),
        service_sid=service,
        status="accepted" if service else "queued",
        body=form.get("Body", ""),
        content_sid=form.get("ContentSid"),
        content_variables=json.loads(form.get("ContentVariables", "{}")),
        status_callback=form.get("StatusCallback"),
    )


def check_repeats(names: Iterable[str]) -> None:
    """Raise RefusedByTwilio unless every parameter came once; media may be several."""
    came = Counter(names)
    media = came.pop("MediaUrl", 0)
    if media > MOST_MEDIA:
        raise RefusedByTwilio(400, 21623, "Number of media files exceeds allowed limit")
    if any(times > 1 for times in came.values()):
        raise RefusedByTwilio(400, 20001, "A parameter was given twice")


def _units(text: str) -> int:
    """Length as Twilio counts it for WhatsApp at worst: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def _has_bad_variables(form: Mapping[str, str]) -> bool:
    try:
        variables = json.loads(form.get("ContentVariables", "{}"))
    except ValueError:
        return True
    return not isinstance(variables, dict) or not all(isinstance(text, str) for text in variables.values())


def _has_bad_callback(form: Mapping[str, str]) -> bool:
    if "StatusCallback" not in form:
        return False
    parts = urlsplit(form["StatusCallback"])
    return parts.scheme not in {"http", "https"} or not parts.hostname or "_" in parts.hostname


def _has_bad_validity(form: Mapping[str, str]) -> bool:
    period = form.get("ValidityPeriod", "1")
    return not period.isdecimal() or not 1 <= int(period) <= LONGEST_VALIDITY


_MISTAKES: tuple[tuple[Callable[[Mapping[str, str]], bool], int, str], ...] = (
    (lambda form: not form.keys() <= _PARAMETERS, 20001, "Unknown parameter"),
    (lambda form: not form.get("To"), 21604, "A 'To' phone number is required."),
    (
        lambda form: not (form.get("From") or form.get("MessagingServiceSid")),
        21603,
        "A 'From' phone number is required.",
    ),
    (
        lambda form: not (form.get("Body") or form.get("ContentSid") or form.get("MediaUrl")),
        21619,
        "A text message body is required",
    ),
    (lambda form: not _ADDRESS.fullmatch(form["To"]), 21211, "Invalid 'To' Phone Number"),
    (lambda form: _units(form.get("Body", "")) > LONGEST_BODY, 21617, "The message body exceeds 1600"),
    (
        lambda form: "ContentSid" in form and not _CONTENT_SID.fullmatch(form["ContentSid"]),
        21655,
        "The ContentSid is invalid",
    ),
    (lambda form: "ContentVariables" in form and "ContentSid" not in form, 21654, "ContentSid is required"),
    (_has_bad_variables, 21656, "The ContentVariables parameter is invalid"),
    (
        lambda form: "ContentSid" in form and bool(form.keys() & {"Body", "MediaUrl"}),
        20001,
        "A ContentSid excludes Body and MediaUrl",
    ),
    (_has_bad_callback, 21609, "Invalid 'StatusCallback' URL"),
    (
        lambda form: "MediaUrl" in form and not form["MediaUrl"].startswith(("http://", "https://")),
        21620,
        "Invalid media URL",
    ),
    (
        lambda form: (
            "MessagingServiceSid" in form and not _SERVICE_SID.fullmatch(form["MessagingServiceSid"])
        ),
        21703,
        "The Messaging Service is not there",
    ),
    (
        lambda form: bool(form.keys() & {"ScheduleType", "SendAt"}) and "MessagingServiceSid" not in form,
        20001,
        "Only a Messaging Service sends later",
    ),
    (_has_bad_validity, 20001, "ValidityPeriod is outside of 1 to 36000"),
)
