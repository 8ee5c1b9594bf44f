"""Did Twilio send this? Checks X-Twilio-Signature against the address that Twilio was given.

It must never look at how the request came in (Host, forwarded headers, decoded paths): a proxy rewrites
those, and a forger chooses them. The signature holds no time: repeats are caught by the message's own id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs, urlsplit, urlunsplit

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from engine.errors import BadSignature

HEADER = "X-Twilio-Signature"


def signed_url(configured: str, query: str) -> str:
    """Rebuild the address that Twilio signed: the configured one, with the request's own raw query.

    What follows `#` in the configured address tells Twilio how to connect; it is never sent nor signed.
    """
    base = configured.partition("#")[0].partition("?")[0]
    return f"{base}?{query}" if query else base


def verify_form(
    tokens: Sequence[str], url: str, fields: Iterable[tuple[str, str]], signature: str | None
) -> None:
    """Check a form; `fields` are all of them, also blank and repeated ones. Raises BadSignature.

    `tokens`: one of them has signed. There are two while the account's token is being changed.
    """
    form: MultiDict[str, str] = MultiDict(fields)
    _verify(tokens, url, form, signature)


def verify_body(tokens: Sequence[str], url: str, body: str, signature: str | None) -> None:
    """Check any other body, whose digest has to be in the address. Raises BadSignature."""
    if "bodySHA256" not in parse_qs(urlsplit(url).query):
        raise BadSignature("The request is not a form, and its address has no bodySHA256.")
    _verify(tokens, url, body, signature)


def _verify(
    tokens: Sequence[str], url: str, signed: MultiDict[str, str] | str, signature: str | None
) -> None:
    if not signature:
        raise BadSignature(f"The request has no {HEADER} header.")
    spellings = _spellings(url)
    validators = [RequestValidator(token) for token in tokens]
    if not any(one.validate(spelling, signed, signature) for one in validators for spelling in spellings):
        raise BadSignature(
            f"{HEADER} does not fit: the webhook address in Twilio's console has to be the configured one, "
            "and the auth token has to be the account's primary one."
        )


def _spellings(url: str) -> list[str]:
    """How Twilio may have written the same address when it signed; the validator adds and drops ports."""
    parts = urlsplit(url)
    addresses = [parts]
    if "@" in parts.netloc:
        addresses.append(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    if "'" in parts.query:
        addresses += [address._replace(query=parts.query.replace("'", "%27")) for address in addresses]
    return [url, *(urlunsplit(address) for address in addresses if urlunsplit(address) != url)]
