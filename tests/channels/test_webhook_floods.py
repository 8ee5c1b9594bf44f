"""Floods at the door: whoever is not Twilio is shut out unread, and no person's message is lost."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from structlog.testing import capture_logs

from channels.few_lines import MOST_LINES
from channels.floods import ALTOGETHER, Limits, Pace
from tests.channels.conftest import Practice
from tests.fakes import twilio_forms as forms

FORGER, TWILIO = "192.0.2.66", "203.0.113.7"
BEHIND_A_PROXY = Limits(refusals_per_minute=3, answers_per_minute=2, messages_per_hour=5, trusted_proxies=1)


async def forged(practice: Practice, source: str | None = FORGER, body: bytes = b"Body=hello") -> int:
    answer = await practice.post_body(body, signature="nonsense", forwarded_for=source)
    return answer.status_code


async def signed(practice: Practice, text: str, source: str | None = TWILIO, **fields: str) -> int:
    form = forms.message(text, **fields)
    signature = forms.sign("https://practice.example/prefix/webhook/client", list(form.items()))
    answer = await practice.post_body(urlencode(form).encode(), signature=signature, forwarded_for=source)
    return answer.status_code


async def test_a_flood_without_signatures_is_refused_and_twilio_is_not() -> None:
    practice = Practice(limits=BEHIND_A_PROXY)
    assert [await forged(practice) for _ in range(5)] == [403, 403, 403, 429, 429]
    assert await signed(practice, "hello") == HTTPStatus.OK
    practice.now += 60
    assert await forged(practice) == HTTPStatus.FORBIDDEN


async def test_a_closed_address_is_refused_before_its_body_is_read() -> None:
    practice = Practice(limits=BEHIND_A_PROXY)
    large = b"x" * (64 * 1024 + 1)
    assert [await forged(practice, body=large) for _ in range(4)] == [413, 413, 413, 429]


async def test_all_doors_are_closed_to_a_closed_address() -> None:
    practice = Practice(limits=BEHIND_A_PROXY)
    for _ in range(3):
        await forged(practice)
    answer = await practice.post_body(b"", "status", signature=None, forwarded_for=FORGER)
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert answer.headers["Retry-After"] == "60"


async def test_a_header_that_nobody_vouches_for_frees_no_forger_and_shuts_nobody_out() -> None:
    practice = Practice(limits=Limits(refusals_per_minute=2))
    sources = [f"192.0.2.{number}" for number in range(4)]
    assert [await forged(practice, source) for source in sources] == [403, 403, 429, 429]
    assert await signed(practice, "hello") == HTTPStatus.OK


async def test_a_flood_from_everywhere_is_refused_and_twilio_is_not() -> None:
    practice = Practice(limits=Limits(refusals_per_minute=1, trusted_proxies=1))
    sources = [f"192.0.2.{number}" for number in range(ALTOGETHER + 1)]
    answers = [await forged(practice, source) for source in sources]
    assert answers == [403] * ALTOGETHER + [429]
    assert await signed(practice, "hello", "198.51.100.1") == HTTPStatus.OK
    large = await practice.post_body(b"x" * 70_000, signature=None, forwarded_for="198.51.100.2")
    assert large.status_code == HTTPStatus.TOO_MANY_REQUESTS


async def test_a_flood_of_requests_is_none_of_lines() -> None:
    practice = Practice(limits=Limits(refusals_per_minute=1000))
    with capture_logs() as lines:
        for _ in range(MOST_LINES + 5):
            await forged(practice)
        assert len(lines) == MOST_LINES
        await signed(practice, "hello", MessageSid="")  # another kind of refusal has lines of its own
        practice.now += 60
        await forged(practice)
    assert [line["left_out"] for line in lines] == [0] * (MOST_LINES + 1) + [5]


async def test_a_signed_form_that_is_wrong_counts_for_nothing() -> None:
    practice = Practice(limits=BEHIND_A_PROXY)
    assert [await signed(practice, "hello", MessageSid="") for _ in range(4)] == [400] * 4
    assert await signed(practice, "hello") == HTTPStatus.OK


async def test_how_fast_a_sender_writes_goes_with_the_message() -> None:
    practice = Practice(limits=BEHIND_A_PROXY)
    answers = [await signed(practice, "hello") for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert practice.inbox.paces == [Pace.USUAL, Pace.USUAL, Pace.TOO_FAST] + [Pace.STILL_TOO_FAST] * 2
    assert await signed(practice, "hello", From="whatsapp:+4915187654321") == HTTPStatus.OK


async def test_a_message_that_has_to_wait_for_the_database_counts_once() -> None:
    practice = Practice(limits=BEHIND_A_PROXY)
    practice.inbox.gone = 4
    assert await signed(practice, "hello") == HTTPStatus.OK
    assert practice.inbox.paces == [Pace.USUAL]
