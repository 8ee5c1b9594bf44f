"""What Twilio's console shows of the account: may it send, what is left, how its numbers are set up.

Reads only. It must never log: the account's answers hold numbers and addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from channels.twilio_account import TwilioAccount
from channels.twilio_http import TwilioHttp
from engine.errors import ChannelError

_MOST_SENDERS = 200


class ConsoleUnavailable(ChannelError):
    """Twilio does not show the account."""


class WrongCredentials(ConsoleUnavailable):
    """Twilio refuses the account's SID or its auth token."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """The account itself."""

    status: str
    """`active`, `suspended` or `closed`."""
    is_trial: bool
    twilios_time: datetime | None
    """When Twilio answered, by its own clock."""


@dataclass(frozen=True, slots=True)
class Sender:
    """One WhatsApp number of the account."""

    address: str
    """As `whatsapp:+…`."""
    status: str
    """`ONLINE` when it can send."""
    reasons: tuple[str, ...]
    """Why it is offline, in Twilio's words."""
    webhook_url: str
    """Where Twilio knocks with messages to this number; empty if nowhere."""


class TwilioConsole:
    """Use as an async context manager inside the running event loop."""

    def __init__(self, account: TwilioAccount, http: TwilioHttp | None = None) -> None:
        """`http`: only to set other deadlines."""
        self._http = http or TwilioHttp()
        self._sid = account.account_sid
        self._twilio = Client(account.account_sid, account.auth_token, http_client=self._http)
        for domain in (self._twilio.api, self._twilio.messaging):
            if account.is_elsewhere:
                domain.base_url = account.api_base_url.rstrip("/")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def account(self) -> AccountState:
        """Look at the account. Raises WrongCredentials, ConsoleUnavailable."""
        with _explained():
            answer = await self._twilio.api.accounts(self._sid).fetch_with_http_info_async()
        return AccountState(
            status=str(answer.data.status),
            is_trial=answer.data.type == "Trial",
            twilios_time=_date(answer.headers),
        )

    async def balance(self) -> tuple[Decimal, str]:
        """What is left, and its currency. Raises WrongCredentials, ConsoleUnavailable."""
        with _explained():
            balance = await self._twilio.api.accounts(self._sid).balance.fetch_async()
        return Decimal(balance.balance or "0"), str(balance.currency or "")

    async def senders(self) -> list[Sender]:
        """All WhatsApp numbers of the account. Raises WrongCredentials, ConsoleUnavailable."""
        with _explained():
            found = await self._twilio.messaging.v2.channels_senders.list_async(
                channel="whatsapp", limit=_MOST_SENDERS
            )
        return [
            Sender(
                address=str(one.sender_id),
                status=str(one.status),
                reasons=tuple(map(_reason, one.offline_reasons or ())),
                webhook_url=str((one.webhook or {}).get("callback_url") or ""),
            )
            for one in found
        ]


_MAYBE_THE_SID = "Compare WHATSAPP_SID with the console's first page."
_LATER = (
    "Try again later; if it stays so, look at status.twilio.com, and whether this machine reaches Twilio."
)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn every way of failing into a sentence."""
    try:
        yield
    except TwilioException as error:
        is_answer = isinstance(error, TwilioRestException | TwilioServiceException)
        status = int(error.status) if is_answer else HTTPStatus.INTERNAL_SERVER_ERROR
        if status == HTTPStatus.UNAUTHORIZED:
            raise WrongCredentials from None
        cure = _MAYBE_THE_SID if status == HTTPStatus.NOT_FOUND else _LATER
        raise ConsoleUnavailable(f"Twilio answered {status} when asked about the account. {cure}") from None
    except TimeoutError:
        raise ConsoleUnavailable(f"Twilio did not answer in time. {_LATER}") from None
    except (aiohttp.ClientError, ValueError) as error:
        raise ConsoleUnavailable(f"Twilio could not be asked: {type(error).__name__}. {_LATER}") from None


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        return None


def _reason(reason: object) -> str:
    """Twilio writes them as text or as an object with a code and a message."""
    return str(reason.get("message") or reason.get("code")) if isinstance(reason, Mapping) else str(reason)
