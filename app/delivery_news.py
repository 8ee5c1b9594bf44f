"""Writes down what Twilio reports of messages, and does what the news asks for."""

from __future__ import annotations

import structlog

from app.opt_outs import news_of_refusal
from app.undelivered import news_of_undelivered
from app.wiring import Product
from channels.inbound import DeliveryStatus
from channels.twilio_account import TwilioAccount
from channels.twilio_errors import OPTED_OUT, WAITS, Remedy
from storage.lost import REPORTS as LOST_REPORTS

log = structlog.get_logger("deliveries")


class DeliveryNotes:
    """See channels.ports.DeliveryNews."""

    def __init__(self, product: Product, account: TwilioAccount) -> None:
        self._product = product
        self._account = account

    async def note(self, status: DeliveryStatus) -> None:
        """Write it down unless it is known or older than what is known. Raises TryAgain."""
        if status.remedy is Remedy.LATER and await self._send_again(status):
            return
        if status.remedy is Remedy.TEMPLATE:
            is_news = await self._too_late(status)
        else:
            is_news = await self._product.storage.outbox.note_status(
                status.sid, status.attempt, status.status, status.error_code
            )
        if status.error_code in OPTED_OUT:
            await self._opted_out(status, status.error_code)
        elif status.status in LOST_REPORTS:
            await self._undelivered(status)
        if not is_news:
            return
        self._count(status)
        if status.remedy:
            log.warning(
                "message not delivered",
                outbox=_row(status),
                sid=status.sid,
                code=status.error_code,
                remedy=status.remedy.value,
            )
            self._let_sender_rest(status, status.remedy)

    async def _opted_out(self, status: DeliveryStatus, code: int) -> None:
        """The person has asked Twilio or WhatsApp for no more: their conversation hears of it, once."""
        storage = self._product.storage
        if owed := await storage.outbox.find(status.sid, _row(status)):
            await storage.inbox.put_all(news_of_refusal(owed, code, self._product.clock()))

    async def _undelivered(self, status: DeliveryStatus) -> None:
        """Nothing more becomes of it: if nobody asked for it, its conversation hears of it, once."""
        storage = self._product.storage
        owed = await storage.outbox.find(status.sid, _row(status))
        is_last = owed and (status.attempt is None or owed.attempts == status.attempt.number)
        if owed and is_last and (owed.state, owed.provider_status) == ("sent", status.status):
            await storage.inbox.put_all(news_of_undelivered(owed, self._product.clock()))

    async def _send_again(self, status: DeliveryStatus) -> bool:
        """Owe a message once more that failed for a passing reason, unless nobody needs it any more."""
        is_owed = await self._product.storage.returned.send_again(
            status.sid, status.attempt, self._product.clock()
        )
        if is_owed:
            self._count(status)
            log.warning(
                "message not delivered, it is sent again", outbox=_row(status), code=status.error_code
            )
            self._let_sender_rest(status, Remedy.LATER)
        return is_owed

    async def _too_late(self, status: DeliveryStatus) -> bool:
        """Free text came after the 24 hours: once it is owed again, as a template. False: old news."""
        returned, now = self._product.storage.returned, self._product.clock()
        if await returned.send_as_template(status.sid, status.attempt, now):
            log.warning("too late for free text; it goes out as a template", outbox=_row(status))
            await self._window_was_shut(status)
            self._product.turns.owing.set()
            return True
        is_news = await self._product.storage.outbox.note_status(
            status.sid, status.attempt, status.status, status.error_code
        )
        if is_news:
            log.error("a template came back as too late", outbox=_row(status), code=status.error_code)
        return is_news

    async def _window_was_shut(self, status: DeliveryStatus) -> None:
        """Let what else is owed to the person go as templates, too, until they write again."""
        storage = self._product.storage
        owed = await storage.outbox.find(status.sid, _row(status))
        if owed and owed.started_at is not None:
            await storage.conversations.window_was_shut(owed.conversation_id, owed.started_at)

    def _count(self, status: DeliveryStatus) -> None:
        self._product.metrics.reports.labels(status.status, str(status.error_code or "")).inc()

    def _let_sender_rest(self, status: DeliveryStatus, remedy: Remedy) -> None:
        sender = self._account.sender_with(status.from_)
        if sender and status.concerns_sender:
            reason = f"Twilio reported code {status.error_code}: {remedy.value}."
            self._product.deliveries.turn_away(sender, WAITS[remedy], reason)


def _row(status: DeliveryStatus) -> int | None:
    """Our number of the message."""
    return status.attempt.message if status.attempt else None
