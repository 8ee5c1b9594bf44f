"""The forms that Twilio posts, with the fields it always sends, and the signature that goes with them.

What is marked `Assumed` is not documented; the product must get along without it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from uuid import uuid4

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "a-token-that-opens-nothing"
PRACTICE = "whatsapp:+14155238886"
CLIENT = "whatsapp:+4915112345678"

Fields = dict[str, str]


def new_sid(prefix: str = "SM") -> str:
    return prefix + uuid4().hex


def message(body: str = "", *, from_: str = CLIENT, to: str = PRACTICE, **fields: str) -> Fields:
    """A message as it arrives at the webhook; `fields` replace or add to the usual ones."""
    sid = fields.get("MessageSid") or new_sid()
    name = fields.get("ProfileName", "Ada")
    profile = {"ProfileName": name, "WaId": from_.partition("+")[2]}
    usual = {
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ProfileName": name,
        "MessageType": "text",
        "SmsSid": sid,
        "WaId": profile["WaId"],
        "SmsStatus": "received",
        "Body": body,
        "To": to,
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": sid,
        "AccountSid": ACCOUNT_SID,
        "ChannelMetadata": json.dumps({"type": "whatsapp", "data": {"context": profile}}),
        "From": from_,
        "ApiVersion": "2010-04-01",
    }
    return usual | fields


def tap(option: str, title: str, *, from_: str = CLIENT, **fields: str) -> Fields:
    """A tap on a quick-reply button."""
    tapped = {
        "MessageType": "interactive",
        "ButtonText": title,
        "ButtonPayload": option,
        "ButtonType": "REPLY",
        "OriginalRepliedMessageSender": PRACTICE,
        "OriginalRepliedMessageSid": new_sid("MM"),
    }
    return message(title, from_=from_, **(tapped | fields))


def list_tap(option: str, title: str, *, from_: str = CLIENT, **fields: str) -> Fields:
    """A tap on a row of a list. Assumed: the `List…` fields, and that `Body` has the row's title."""
    tapped = {
        "MessageType": "interactive",
        "ListId": option,
        "ListTitle": title,
        "OriginalRepliedMessageSender": PRACTICE,
        "OriginalRepliedMessageSid": new_sid("MM"),
    }
    return message(title, from_=from_, **(tapped | fields))


def media(content_type: str, caption: str = "", *, from_: str = CLIENT, **fields: str) -> Fields:
    """A picture, a voice note or a document."""
    sid = new_sid("MM")
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}/Media/{new_sid('ME')}"
    sent = {"NumMedia": "1", "MediaContentType0": content_type, "MediaUrl0": url, "MessageSid": sid}
    return message(caption, from_=from_, **(sent | {"MessageType": content_type.partition("/")[0]} | fields))


def location(latitude: str, longitude: str, *, from_: str = CLIENT, **fields: str) -> Fields:
    """A place on the map; `Label` and `Address` are there only if the sender chose a known place."""
    place = {"Latitude": latitude, "Longitude": longitude, "MessageType": "location"}
    return message("", from_=from_, **(place | fields))


def everything(**fields: str) -> Fields:
    """A form with every field that Twilio documents or was seen to send; no real one has all of them.

    Assumed: what is inside `InteractiveData` after a tap on a list; and `ErrorCode` and `ErrorUrl`, which
    come to a fallback address only.
    """
    rich = {
        "MessagingServiceSid": "MG" + "0" * 32,
        "ExternalUserId": "whatsapp:DE.4566546130240823",
        "ListId": "7.2",
        "ListTitle": "Monday",
        "ListDescription": "10:00",
        "InteractiveData": json.dumps({"type": "list_reply", "list_reply": {"id": "7.2"}}),
        "FlowData": json.dumps({"flow_token": "x"}),
        "Forwarded": "true",
        "FrequentlyForwarded": "false",
        "Label": "Museum",
        "Address": "Am Lustgarten 1",
        "ReferralBody": "Calm within a week",
        "ReferralHeadline": "Therapy",
        "ReferralSourceId": "120",
        "ReferralSourceType": "ad",
        "ReferralSourceUrl": "https://ads.example/120",
        "ReferralMediaId": "77",
        "ReferralMediaContentType": "image/jpeg",
        "ReferralMediaUrl": "https://ads.example/120.jpg",
        "ReferralNumMedia": "1",
        "ReferralCtwaClid": "click",
        "OptOutType": "HELP",
        "ErrorCode": "11200",
        "ErrorUrl": "https://practice.example/webhook/client",
    }
    return (
        location("52.52", "13.40")
        | media("image/png")
        | tap("7.2", "Monday")
        | {"NumMedia": "1"}
        | rich
        | fields
    )


def status(sid: str, new_status: str, *, to: str = CLIENT, error_code: int | None = None) -> Fields:
    """News of a message that was sent."""
    news = {
        "ChannelPrefix": "whatsapp",
        "ApiVersion": "2010-04-01",
        "MessageStatus": new_status,
        "SmsSid": sid,
        "SmsStatus": new_status,
        "ChannelInstallSid": "XE" + "0" * 32,
        "To": to,
        "From": PRACTICE,
        "MessageSid": sid,
        "AccountSid": ACCOUNT_SID,
    }
    return news if error_code is None else news | {"ErrorCode": str(error_code)}


def sign(url: str, fields: Iterable[tuple[str, str]], token: str = AUTH_TOKEN) -> str:
    """X-Twilio-Signature, worked out here from its description and not by the SDK that checks it."""
    values: dict[str, set[str]] = {}
    for name, value in fields:
        values.setdefault(name, set()).add(value)
    signed = url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def authorization(account_sid: str = ACCOUNT_SID, token: str = AUTH_TOKEN) -> str:
    """What the Authorization header of a request to the REST API has to be."""
    return "Basic " + base64.b64encode(f"{account_sid}:{token}".encode()).decode()
