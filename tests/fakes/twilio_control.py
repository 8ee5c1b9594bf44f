"""The fake Twilio as a program of its own, steered over HTTP; for tests of whole processes.

    POST /fake/deliver  {"url": ..., "from": ..., "body": ..., "fields": {...}}  → {"status", "text", "tries"}
    GET  /fake/messages                                                         → what was sent, in order
    POST /fake/faults   {"fault": "RATE_LIMITED", "times": 1}
    POST /fake/news     {"statuses": ["sent", "delivered"]}
    POST /fake/window   {"keeps": true, "passed": 90000}   whether the 24 hours count; seconds gone by
    POST /fake/approve  {"status": "approved"}             what WhatsApp says of all that was submitted

Started by `python -m tests.fakes.twilio`; the first line printed says where it listens.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import sys

from aiohttp import web

from tests.fakes import twilio_forms as forms
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_faults import Fault


class SteeredTwilio(FakeTwilio):
    """A fake with handles for other processes."""

    def add_routes(self, app: web.Application) -> None:
        """The API, and the handles beside it."""
        super().add_routes(app)
        app.router.add_post("/fake/deliver", self._told_to_deliver)
        app.router.add_get("/fake/messages", self._asked_for_messages)
        app.router.add_post("/fake/faults", self._told_to_fail)
        app.router.add_post("/fake/news", self._told_the_news)
        app.router.add_post("/fake/window", self._told_of_the_window)
        app.router.add_post("/fake/approve", self._told_to_approve)

    async def _told_to_deliver(self, request: web.Request) -> web.Response:
        told = await request.json()
        answer = await self.deliver(
            told["url"],
            told["from"],
            told.get("body", ""),
            to=told.get("to", forms.PRACTICE),
            **told.get("fields", {}),
        )
        return web.json_response(dataclasses.asdict(answer))

    async def _asked_for_messages(self, _: web.Request) -> web.Response:
        return web.json_response([message.as_json() for message in self.messages])

    async def _told_to_fail(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.fail(Fault[told["fault"]], told.get("times", 1))
        return web.Response(status=204)

    async def _told_of_the_window(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.keeps_window, self.passed = told["keeps"], told.get("passed", self.passed)
        return web.Response(status=204)

    async def _told_to_approve(self, request: web.Request) -> web.Response:
        self.contents.decide_all((await request.json())["status"])
        return web.Response(status=204)

    async def _told_the_news(self, request: web.Request) -> web.Response:
        self.news = tuple((await request.json())["statuses"])
        return web.Response(status=204)


async def _serve(options: argparse.Namespace) -> None:
    proxies = dict(proxy.split("=", 1) for proxy in options.proxy)
    async with SteeredTwilio(
        account_sid=options.account_sid, auth_token=options.auth_token, port=options.port, proxies=proxies
    ) as twilio:
        sys.stdout.write(f"Listening on {twilio.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Run until killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--account-sid", default=forms.ACCOUNT_SID)
    parser.add_argument("--auth-token", default=forms.AUTH_TOKEN)
    parser.add_argument("--proxy", action="append", default=[], help="public=inside, base addresses")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
