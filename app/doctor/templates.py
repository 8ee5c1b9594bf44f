"""Whether WhatsApp has approved what may be sent to people who have been silent for a day."""

from __future__ import annotations

from app.doctor.examination import Ailment, Check
from app.settings import Settings
from app.templates import standing_of
from channels.twilio_account import SANDBOX, TwilioAccount


def check(settings: Settings, account: TwilioAccount) -> Check:
    """The one thing to look at."""

    async def look() -> str:
        if SANDBOX in account.numbers:
            return "not needed: the sandbox sends no templates of one's own"
        standing = await standing_of(settings)
        if missing := [name for name, status in standing.items() if status == "missing"]:
            raise Ailment(
                f"{len(missing)} of {len(standing)} are not made, such as {missing[0]}.",
                "Run `therapy-booking templates push`.",
            )
        if waiting := [name for name, status in standing.items() if status not in {"approved", "made"}]:
            raise Ailment(
                f"{len(waiting)} are not approved: {waiting[0]} is {standing[waiting[0]]}.",
                "Wait for WhatsApp; `therapy-booking templates status` tells why one was rejected.",
            )
        return f"{len(standing)} made, and approved where they have to be"

    return Check(
        "templates", look, needs=("Twilio account", "database", "flows and texts", "TWILIO_CONTENT_BASE_URL")
    )
