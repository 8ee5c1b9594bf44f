"""What was made in WhatsApp is kept once, under its name."""

from __future__ import annotations

from dataclasses import replace

from storage.contents import StoredContent
from storage.store import Storage
from tests.storage.samples import NOW

NEWS = StoredContent(
    name="news_en_1",
    sid="HX1",
    kind="template",
    text_key="news",
    language="en",
    places=("who", "what"),
    buttons=("approve",),
    created_at=NOW,
)


class TestContents:
    async def test_come_back_as_they_were_kept_the_oldest_first(self, storage: Storage) -> None:
        other = replace(NEWS, name="news_en_0", sid="HX2", places=(), buttons=())
        await storage.contents.keep(NEWS)
        await storage.contents.keep(other)
        assert await storage.contents.all() == [NEWS, other]

    async def test_are_made_anew_under_the_same_name(self, storage: Storage) -> None:
        await storage.contents.keep(NEWS)
        await storage.contents.judged("news_en_1", "rejected", "x" * 600)
        (judged,) = await storage.contents.all()
        assert (judged.approval, len(judged.reason), judged.is_approved) == ("rejected", 500, False)
        await storage.contents.keep(replace(NEWS, sid="HX3"))
        assert await storage.contents.all() == [replace(NEWS, sid="HX3")]

    async def test_get_the_words_that_nobody_knew(self, storage: Storage) -> None:
        await storage.contents.keep(NEWS)
        assert [one.body for one in await storage.contents.all()] == [""]
        await storage.contents.worded("news_en_1", "News for {{1}}: {{2}}!")
        assert await storage.contents.all() == [replace(NEWS, body="News for {{1}}: {{2}}!")]

    async def test_are_approved_when_whatsapp_says_so(self, storage: Storage) -> None:
        await storage.contents.keep(NEWS)
        await storage.contents.judged("news_en_1", "approved")
        assert [one.is_approved for one in await storage.contents.all()] == [True]
