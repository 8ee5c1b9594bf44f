"""Knocks at our own public address from outside, as Twilio would, and tells whether it is really us.

It must never write anything: what it posts is news of a message that nobody has sent.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.request_validator import RequestValidator

from channels.signature import HEADER
from channels.twilio_account import TwilioAccount
from engine.errors import ChannelError

SECONDS = 10.0
_LONGEST_ANSWER = 200


class Unreachable(ChannelError):
    """Nothing answers at the public address."""


class Answer(NamedTuple):
    """What the server says that was asked who it is."""

    proof: str
    hops: int
    """By how many proxies the question came, as far as they add to X-Forwarded-For."""


async def answer_to(webhook_url: str, challenge: str) -> Answer:
    """Ask the server behind this webhook's address to prove that it is ours. Raises Unreachable."""
    parts = urlsplit(webhook_url)
    path = parts.path.rpartition("/")[0] + "/echo"
    url = urlunsplit(parts._replace(path=path, query=f"challenge={challenge}", fragment=""))
    status, text = await _asked("GET", url, {}, {})
    if status != HTTPStatus.OK:
        raise Unreachable(f"The public address answers {status} to GET {path}.")
    proof, _, hops = text.strip().partition(" ")
    return Answer(proof, int(hops) if hops.isdecimal() else 0)


async def signed_status(account: TwilioAccount) -> int:
    """Post signed news of a message that does not exist; returns the answer's status. Raises Unreachable."""
    url = account.status_webhook_url
    form = {
        "AccountSid": account.account_sid,
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "MessageStatus": "queued",
        "From": account.number_for("client"),
        "To": "whatsapp:+000",
    }
    signature = RequestValidator(account.auth_token).compute_signature(url.partition("#")[0], form)
    status, _ = await _asked("POST", url, form, {HEADER: signature})
    return status


async def _asked(method: str, url: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(
                method, url, data=form or None, headers=headers, allow_redirects=False
            ) as response,
        ):
            body = await response.content.read(_LONGEST_ANSWER)
            return response.status, body.decode("utf-8", "replace")
    except TimeoutError:
        raise Unreachable(f"The public address does not answer within {SECONDS:.0f} seconds.") from None
    except aiohttp.ClientConnectorCertificateError:
        raise Unreachable("The public address has a certificate that nobody trusts.") from None
    except aiohttp.ClientConnectorDNSError:
        raise Unreachable("The public address has a name that cannot be found.") from None
    except aiohttp.ClientError as error:
        raise Unreachable(f"The public address cannot be reached: {type(error).__name__}.") from None
