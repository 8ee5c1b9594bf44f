"""Making contents and asking for approval: what arrives over there, and what failures turn into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from channels.content_api import ContentApi, ContentRefused, ContentUnavailable
from channels.contents import frame_payload, template_payload
from engine.errors import ChannelError
from tests.channels.conftest import ONE_NUMBER
from tests.fakes.twilio import FakeTwilio

NEWS = template_payload("news_en_1", "en", "There is some news for {{1}} here.", ["Answer"], ["Maria"])


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture
async def api(twilio: FakeTwilio) -> AsyncIterator[ContentApi]:
    async with ContentApi(replace(ONE_NUMBER, content_base_url=twilio.url)) as opened:
        yield opened


async def test_what_is_made_and_submitted_is_found_with_its_approval(
    twilio: FakeTwilio, api: ContentApi
) -> None:
    sid = await api.create(NEWS)
    assert (await api.approvals())["news_en_1"].status == "unsubmitted"
    assert await api.submit(sid, "news_en_1", "UTILITY") == "received"
    twilio.contents.decide("news_en_1", "rejected", "too vague")
    found = (await api.approvals())["news_en_1"]
    assert (found.sid, found.status, found.reason) == (sid, "rejected", "too vague")
    assert twilio.contents.writes == 2


async def test_all_pages_are_read_and_the_newest_of_a_name_counts(api: ContentApi) -> None:
    for number in range(205):
        await api.create(frame_payload(f"frame_{number}", "en", "buttons", 1, "Choose"))
    newest = await api.create(frame_payload("frame_0", "en", "buttons", 1, "Choose"))
    found = await api.approvals()
    assert len(found) == 205
    assert found["frame_0"].sid == newest


async def test_a_refusal_says_what_and_why(api: ContentApi) -> None:
    wrong = template_payload("news_en_1", "en", "News", ["a title beyond twenty letters"], [])
    with pytest.raises(ContentRefused, match=r"news_en_1: A title is too long \(code 20001\)"):
        await api.create(wrong)


async def test_a_wrong_token_is_a_refusal(twilio: FakeTwilio) -> None:
    account = replace(ONE_NUMBER, content_base_url=twilio.url, auth_token="wrong")
    async with ContentApi(account) as api:
        with pytest.raises(ContentRefused, match="20003"):
            await api.approvals()


async def test_nobody_there_is_said() -> None:
    async with FakeTwilio() as gone:
        url = gone.url
    async with ContentApi(replace(ONE_NUMBER, content_base_url=url)) as api:
        with pytest.raises(ContentUnavailable):
            await api.create(NEWS)


async def test_an_incomplete_account_says_what_is_missing() -> None:
    with pytest.raises(ChannelError, match="WHATSAPP_TOKEN"):
        ContentApi(replace(ONE_NUMBER, auth_token=""))
