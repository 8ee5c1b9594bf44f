"""A Dialogflow CX agent: a gRPC server speaking the SDK's own message types.

It answers from rules, and from what was put into it through its design-time services. It is as strict as
the real one about what a request may hold, so that a careless client fails in a test and not in production.
It must never guess by itself: a text that is neither a rule's nor a phrase that it was trained with is
NO_MATCH, unless somebody gives it a `guess`.

    async with FakeDialogflow([Rule("book me in", "book.appointment")]) as dialogflow:
        channel = grpc.aio.insecure_channel(dialogflow.address)

As a program: `python -m tests.fakes.dialogflow --port 0 --rules rules.yaml`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import grpc
import yaml
from google.cloud import dialogflowcx_v3 as cx
from google.protobuf import struct_pb2

from tests.fakes.dialogflow_agent import AgentContent, Refused, folded
from tests.fakes.dialogflow_design import Context, DesignServices
from tests.fakes.dialogflow_requests import check_request

AGENT = "projects/test-project/locations/us-central1/agents/11111111-2222-3333-4444-555555555555"
SERVICE = "google.cloud.dialogflow.cx.v3.Sessions"


@dataclass(frozen=True, slots=True)
class Rule:
    """What the agent makes of one text, compared without regard to case and outer blanks."""

    text: str
    intent: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """As they appear in `Match.parameters`. A value such as `{"days_ahead": 1, "hours": 14}` becomes the
    agent's date-time: year, month, day, hours, minutes, seconds, nanos, in the request's time zone."""
    confidence: float = 0.9


@dataclass(slots=True)
class _Failure:
    code: grpc.StatusCode
    times: int | None


class FakeDialogflow:
    """One agent. `requests` holds every request that arrived, also those that were refused."""

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        *,
        agent: str = AGENT,
        routes: Iterable[str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        port: int = 0,
    ) -> None:
        """`routes`: the intents of rules that the start flow leads to; others never match. None: all."""
        self._answers: dict[str, Rule] = {}
        for rule in rules:
            self.add(rule)
        self.agent = agent
        self.content = AgentContent(agent)
        """What was put into the agent from outside."""
        self.design = DesignServices(self.content, self._fail_if_told)
        self.routes = None if routes is None else frozenset(routes)
        self.now = now
        self.guess: Callable[[str], Awaitable[Rule | None]] | None = None
        """What it makes of a text that nobody taught it, for people who try it by hand."""
        self.delay = 0.0
        """Seconds to wait before each answer."""
        self.requests: list[cx.MatchIntentRequest | cx.DetectIntentRequest] = []
        self._failure: _Failure | None = None
        self._port = port
        self._server: grpc.aio.Server | None = None

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`; plain text, no credentials."""
        return f"127.0.0.1:{self._port}"

    @property
    def texts(self) -> list[str]:
        """The texts that it was asked about, in order."""
        return [request.query_input.text.text for request in self.requests]

    def add(self, rule: Rule) -> None:
        """Teach it one more text; a later rule for the same text replaces an earlier one."""
        self._answers[folded(rule.text)] = rule

    def fail(self, code: grpc.StatusCode, times: int | None = 1) -> None:
        """Answer the next `times` requests, of any service, with this status; None: until `recover`."""
        self._failure = _Failure(code, times)

    def recover(self) -> None:
        """End all failures and delays."""
        self._failure = None
        self.delay = 0.0

    async def __aenter__(self) -> Self:
        """Start, on the asked port or on a free one. May be entered again after leaving."""
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((self._handlers(), *self.design.handlers()))
        self._port = server.add_insecure_port(f"127.0.0.1:{self._port}")
        await server.start()
        self._server = server
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once, as if the network were gone."""
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None

    def _handlers(self) -> grpc.GenericRpcHandler:
        methods = {
            "MatchIntent": grpc.unary_unary_rpc_method_handler(
                self._match_intent,
                request_deserializer=cx.MatchIntentRequest.deserialize,
                response_serializer=cx.MatchIntentResponse.serialize,
            ),
            "DetectIntent": grpc.unary_unary_rpc_method_handler(
                self._detect_intent,
                request_deserializer=cx.DetectIntentRequest.deserialize,
                response_serializer=cx.DetectIntentResponse.serialize,
            ),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    async def _match_intent(self, request: cx.MatchIntentRequest, context: Context) -> cx.MatchIntentResponse:
        match = await self._answer(request, context)
        return cx.MatchIntentResponse(
            text=request.query_input.text.text,
            matches=[match],
            current_page=cx.Page(name="START_PAGE", display_name="Start Page"),
        )

    async def _detect_intent(
        self, request: cx.DetectIntentRequest, context: Context
    ) -> cx.DetectIntentResponse:
        match = await self._answer(request, context)
        result = cx.QueryResult(
            text=request.query_input.text.text,
            language_code=request.query_input.language_code,
            match=match,
            parameters=match.parameters,
        )
        return cx.DetectIntentResponse(query_result=result)

    async def _answer(
        self, request: cx.MatchIntentRequest | cx.DetectIntentRequest, context: Context
    ) -> cx.Match:
        self.requests.append(request)
        await asyncio.sleep(self.delay)
        await self._fail_if_told(context)
        try:
            check_request(request, self.agent, self.content.languages)
        except Refused as refused:
            await context.abort(refused.code, refused.why)
        text = request.query_input.text.text
        rule = self._answers.get(folded(text))
        if rule is not None and self.routes is not None and rule.intent not in self.routes:
            rule = None
        learnt = self.content.match(text)
        if rule is None and learnt is not None and learnt.intent:
            rule = Rule(text, learnt.intent, learnt.parameters)
        if rule is None and learnt is None and self.guess is not None:
            rule = await self.guess(text)
        if rule is None:
            return cx.Match(
                event="sys.no-match-default",
                match_type=cx.Match.MatchType.NO_MATCH,
                resolved_input=text,
                confidence=0.3,
            )
        zone = ZoneInfo(request.query_params.time_zone or "UTC")
        parameters = {name: self._value(value, zone) for name, value in rule.parameters.items()}
        return cx.Match(
            intent=cx.Intent(name=f"{self.agent}/intents/{rule.intent}", display_name=rule.intent),
            match_type=cx.Match.MatchType.INTENT,
            resolved_input=text,
            confidence=rule.confidence,
            parameters=_struct(parameters),
        )

    def _value(self, value: object, zone: ZoneInfo) -> object:
        if not isinstance(value, Mapping) or "days_ahead" not in value:
            return value
        day = self.now().astimezone(zone) + timedelta(days=value["days_ahead"])
        found = {"year": day.year, "month": day.month, "day": day.day}
        if "hours" in value:
            found |= {"hours": value["hours"], "minutes": value.get("minutes", 0), "seconds": 0, "nanos": 0}
        return found

    async def _fail_if_told(self, context: Context) -> None:
        failure = self._failure
        if failure is None:
            return
        if failure.times is not None:
            failure.times -= 1
            if failure.times <= 0:
                self._failure = None
        await context.abort(failure.code, "Told to fail.")


def read_rules(file: Path) -> list[Rule]:
    """Rules from YAML or JSON: a list of `{text, intent, parameters?, confidence?}`."""
    return [Rule(**row) for row in yaml.safe_load(file.read_text(encoding="utf-8"))]


def _struct(values: Mapping[str, object]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(dict(values))
    return struct


async def _serve(options: argparse.Namespace) -> None:
    rules = read_rules(options.rules) if options.rules else []
    fake = FakeDialogflow(rules, agent=options.agent, port=options.port)
    fake.delay = options.delay
    if options.fail:
        fake.fail(grpc.StatusCode[options.fail], times=None)
    async with fake:
        sys.stdout.write(f"Listening on {fake.address}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Run until killed; the first line printed says where it listens."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--rules", type=Path, help="YAML list of text, intent, parameters, confidence")
    parser.add_argument("--agent", default=AGENT, help="the only agent that exists")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--fail", help="answer everything with this gRPC status, such as UNAVAILABLE")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
