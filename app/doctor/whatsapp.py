"""What Twilio says of the account and its numbers, and whether it would reach us."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from app.doctor.examination import Ailment, Check
from channels.public_address import Unreachable, answer_to, signed_status
from channels.twilio_account import SANDBOX, TwilioAccount, setting_name
from channels.twilio_console import Sender, TwilioConsole, WrongCredentials

MOST_SKEW_SECONDS = 30
"""More, and what is asked of Twilio by time, such as the messages of the last hour, comes out wrong."""
RETRIES = "#rc=3&rp=ct,rt,5xx&rt=4000"
_TAKEN = 204
_ACCOUNT = ("WHATSAPP_SID", "TWILIO_PHONE_NUMBER", "TWILIO_THERAPIST_PHONE_NUMBER", "TWILIO_API_BASE_URL")
_WEBHOOKS = (
    "CLIENT_WEBHOOK_URL",
    "THERAPIST_WEBHOOK_URL",
    "STATUS_WEBHOOK_URL",
    "TWILIO_THERAPIST_PHONE_NUMBER",
)


class TwilioChecks:
    """Everything about Twilio, in an order in which one can mend it."""

    def __init__(
        self,
        account: TwilioAccount,
        console: TwilioConsole,
        prove: Callable[[str], str],
        trusted_proxies: int | None,
    ) -> None:
        """`prove`: the answer to a challenge that only this deployment can give.

        `trusted_proxies`: how many stand before the server, as the operator says.
        """
        self._account = account
        self._console = console
        self._prove = prove
        self._trusted_proxies = trusted_proxies
        self._hops = 0

    def checks(self) -> list[Check]:
        """What there is to look at."""
        return [
            Check("Twilio settings", self._settings, needs=_ACCOUNT),
            Check("Twilio account", self._active, needs=("Twilio settings",)),
            Check("clock", self._clock, needs=("Twilio account",)),
            Check("balance", self._balance, needs=("Twilio account",)),
            Check("WhatsApp numbers", self._numbers, needs=("Twilio account",)),
            Check("webhook settings", self._webhook_settings, needs=_WEBHOOKS),
            Check("webhook addresses", self._webhooks, needs=("WhatsApp numbers", "webhook settings")),
            Check("public address", self._public, needs=("webhook settings", "database")),
            Check("proxies", self._proxies, needs=("public address", "TRUSTED_PROXIES")),
            Check("signed request", self._signed, needs=("Twilio settings", "public address")),
        ]

    async def _settings(self) -> str:
        return self._complete("account_sid", "auth_token", "client_number")

    async def _webhook_settings(self) -> str:
        therapists = () if self._account.has_one_number else ("therapist_webhook_url",)
        return self._complete("client_webhook_url", *therapists)

    def _complete(self, *fields: str) -> str:
        if missing := self._account.missing(*fields):
            raise Ailment(
                f"Not set: {', '.join(missing)}.",
                "Write them into .env; .env.example tells what each is for.",
            )
        return "complete"

    async def _active(self) -> str:
        try:
            state = await self._console.account()
        except WrongCredentials as error:
            raise Ailment(
                str(error),
                "Copy WHATSAPP_SID and WHATSAPP_TOKEN anew from the first page of Twilio's console.",
            ) from None
        if state.status != "active":
            raise Ailment(f"The account is {state.status}.", "Open Twilio's console; it tells why.")
        return "active; a trial account, which sends to few people only" if state.is_trial else "active"

    async def _clock(self) -> str:
        told = (await self._console.account()).twilios_time
        if told is None:
            raise Ailment("Twilio's answer has no date.", "Look whether a proxy stands between.")
        skew = abs((datetime.now(UTC) - told).total_seconds())
        if skew > MOST_SKEW_SECONDS:
            raise Ailment(
                f"This machine's clock is {skew:.0f} seconds off.", "Switch on time synchronisation (NTP)."
            )
        return f"within {max(1.0, skew):.0f} s of Twilio's"

    async def _balance(self) -> str:
        amount, currency = await self._console.balance()
        if amount <= 0:
            raise Ailment(
                f"The balance is {amount:.2f} {currency}.",
                "Add funds under Billing, or switch on auto-recharge.",
            )
        return f"{amount:.2f} {currency}"

    async def _numbers(self) -> str:
        senders = await self._senders()
        for number, setting in self._own().items():
            if number == SANDBOX:
                continue
            if number not in senders:
                raise Ailment(
                    f"{setting} is no WhatsApp sender of this account.",
                    "Register it under Messaging > Senders > WhatsApp senders, or correct the setting.",
                )
            if not senders[number].status.startswith("ONLINE"):
                why = "; ".join(senders[number].reasons) or "Twilio does not tell why"
                raise Ailment(
                    f"{setting} is {senders[number].status}: {why}.", "Open the sender in Twilio's console."
                )
        if SANDBOX in self._own():
            return "the sandbox's, which everybody has to join first and again every three days"
        return f"{len(self._own())} online"

    async def _webhooks(self) -> str:
        senders = await self._senders()
        without_retries = False
        for number, setting in self._doors().items():
            ours = getattr(self._account, setting)
            if number == SANDBOX:
                continue
            theirs, _, overrides = senders[number].webhook_url.partition("#")
            if theirs != ours.partition("#")[0]:
                raise Ailment(
                    f"Twilio does not knock at {setting_name(setting)} but "
                    + ("at another address." if theirs else "nowhere."),
                    f"In Twilio's console set the sender's webhook to {ours.partition('#')[0]}{RETRIES}",
                )
            without_retries |= "rp=" not in overrides
        if SANDBOX in self._doors():
            return "the sandbox's cannot be read from here: compare it under Messaging > Try it out"
        if without_retries:
            return f"as set here, but without retries: better end the address in {RETRIES}"
        return "as set here, with retries"

    async def _public(self) -> str:
        for setting in self._doors().values():
            challenge = secrets.token_hex(16)
            try:
                answer = await answer_to(getattr(self._account, setting), challenge)
            except Unreachable as error:
                raise Ailment(
                    f"{setting_name(setting)}: {error}",
                    "Start `therapy-booking serve`, and look at DNS, the certificate, and the reverse proxy.",
                ) from None
            if not secrets.compare_digest(answer.proof, self._prove(challenge)):
                raise Ailment(
                    f"{setting_name(setting)} leads to another server, or to one with another SECRET_KEY.",
                    "Correct the reverse proxy, or give both the same SECRET_KEY.",
                )
            self._hops = max(self._hops, answer.hops)
        return "leads to this server"

    async def _proxies(self) -> str:
        told, hops = self._trusted_proxies, self._hops
        if told in {hops, None} and not hops:
            return "none before the server"
        if told == hops:
            return f"{hops} before the server, as set"
        before = f"Requests come by {hops}" if hops else "Requests come by none that adds to X-Forwarded-For"
        raise Ailment(
            f"{before}, but TRUSTED_PROXIES is {'not set' if told is None else told}: "
            "a flood is not held off by its own address.",
            f"Set TRUSTED_PROXIES={hops}, and start the server anew.",
        )

    async def _signed(self) -> str:
        try:
            status = await signed_status(self._account)
        except Unreachable as error:
            raise Ailment(str(error), "Look at the reverse proxy: it has to pass POST requests on.") from None
        if status != _TAKEN:
            raise Ailment(
                f"A signed request is answered {status}.",
                "403: the running server has another WHATSAPP_TOKEN or address, or the proxy changes the "
                "query or the body. Else: look at the server's log.",
            )
        return "is taken"

    async def _senders(self) -> dict[str, Sender]:
        return {sender.address: sender for sender in await self._console.senders()}

    def _own(self) -> dict[str, str]:
        """Our numbers, and by which setting."""
        own = {self._account.number_for("client"): "TWILIO_PHONE_NUMBER"}
        if not self._account.has_one_number:
            own[self._account.number_for("therapist")] = "TWILIO_THERAPIST_PHONE_NUMBER"
        return own

    def _doors(self) -> dict[str, str]:
        """Our numbers, and the field that holds where Twilio has to knock for them."""
        fields = ("client_webhook_url", "therapist_webhook_url")
        return dict(zip(self._own(), fields, strict=False))
