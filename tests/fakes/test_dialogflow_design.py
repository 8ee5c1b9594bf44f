"""The fake's design-time services are as strict as the real ones: each rule that somebody may run into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import dialogflowcx_v3 as cx

from tests.fakes.dialogflow import AGENT, FakeDialogflow
from tests.fakes.dialogflow_agent import START_FLOW, SYSTEM

FLOW = f"{AGENT}/flows/{START_FLOW}"


class Clients:
    """The SDK's own clients."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.entity_types: Any = self._made(cx.EntityTypesAsyncClient, channel)
        self.intents: Any = self._made(cx.IntentsAsyncClient, channel)
        self.flows: Any = self._made(cx.FlowsAsyncClient, channel)
        self.sessions: Any = self._made(cx.SessionsAsyncClient, channel)

    @staticmethod
    def _made(kind: Any, channel: grpc.aio.Channel) -> Any:  # noqa: ANN401  # they share no type
        return kind(transport=kind.get_transport_class("grpc_asyncio")(channel=channel))

    async def learn(self, intent: cx.Intent) -> cx.Intent:
        """Make an intent, a route to it, and train."""
        made: cx.Intent = await self.intents.create_intent(parent=AGENT, intent=intent)
        flow = await self.flows.get_flow(name=FLOW)
        flow.transition_routes.append(route(made.name))
        await self.flows.update_flow(flow=flow, update_mask={"paths": ["transition_routes"]})
        await self.train()
        return made

    async def train(self) -> None:
        operation = await self.flows.train_flow(name=FLOW)
        while not await operation.done():
            pass

    async def match(self, text: str) -> cx.Match:
        answer = await self.sessions.match_intent(
            request={
                "session": f"{AGENT}/sessions/1",
                "query_input": {"text": {"text": text}, "language_code": "en"},
            }
        )
        match: cx.Match = answer.matches[0]
        return match


def route(intent: str, **more: object) -> cx.TransitionRoute:
    return cx.TransitionRoute(intent=intent, **({"trigger_fulfillment": {}} | more))


def intent(name: str, *phrases: str, **more: object) -> cx.Intent:
    return cx.Intent(
        display_name=name, training_phrases=[{"parts": [{"text": phrase}]} for phrase in phrases], **more
    )


def entity_type(**changes: object) -> cx.EntityType:
    return cx.EntityType(
        **{
            "display_name": "service-type",
            "kind": cx.EntityType.Kind.KIND_MAP,
            "entities": [{"value": "home visit", "synonyms": ["home visit", "my house"]}],
        }
        | changes
    )


@pytest.fixture
async def dialogflow() -> AsyncIterator[FakeDialogflow]:
    async with FakeDialogflow() as fake:
        yield fake


@pytest.fixture
async def clients(dialogflow: FakeDialogflow) -> AsyncIterator[Clients]:
    channel = grpc.aio.insecure_channel(dialogflow.address)
    yield Clients(channel)
    await channel.close()


async def test_a_new_agent_holds_what_google_puts_into_it(clients: Clients) -> None:
    found = {one.display_name: one async for one in await clients.intents.list_intents(parent=AGENT)}
    assert set(found) == {"Default Welcome Intent", "Default Negative Intent"}
    assert found["Default Negative Intent"].is_fallback
    [only] = (await clients.flows.get_flow(name=FLOW)).transition_routes
    assert only.intent == found["Default Welcome Intent"].name


async def test_an_unknown_agent_is_not_found(clients: Clients) -> None:
    elsewhere = AGENT.replace("us-central1", "europe-west2")
    with pytest.raises(exceptions.NotFound):
        await clients.intents.list_intents(parent=elsewhere)
    with pytest.raises(exceptions.NotFound):
        await clients.flows.train_flow(name=f"{elsewhere}/flows/{START_FLOW}")


async def test_a_display_name_exists_once(clients: Clients) -> None:
    await clients.entity_types.create_entity_type(parent=AGENT, entity_type=entity_type())
    with pytest.raises(exceptions.AlreadyExists):
        await clients.entity_types.create_entity_type(parent=AGENT, entity_type=entity_type())
    await clients.intents.create_intent(parent=AGENT, intent=intent("book", "book me in"))
    other = await clients.intents.create_intent(parent=AGENT, intent=intent("cancel", "call it off"))
    with pytest.raises(exceptions.AlreadyExists):
        await clients.intents.create_intent(parent=AGENT, intent=intent("book", "I want to come"))
    other.display_name = "book"
    with pytest.raises(exceptions.AlreadyExists):
        await clients.intents.update_intent(intent=other)


@pytest.mark.parametrize(
    "bad",
    [
        entity_type(display_name=""),
        entity_type(kind=0),
        entity_type(entities=[{"value": "home visit"}]),
        entity_type(entities=[{"synonyms": ["home visit"]}]),
        entity_type(kind=2, entities=[{"value": "home", "synonyms": ["home", "house"]}]),
        entity_type(kind=2, entities=[{"value": "home", "synonyms": ["house"]}]),
    ],
    ids=["no name", "no kind", "no synonyms", "no value", "two in a list", "another in a list"],
)
async def test_entity_types_keep_to_the_rules(clients: Clients, bad: cx.EntityType) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        await clients.entity_types.create_entity_type(parent=AGENT, entity_type=bad)


PART = {"text": "my house", "parameter_id": "where"}
WHERE = {"id": "where", "entity_type": f"{SYSTEM}sys.any"}


@pytest.mark.parametrize(
    "bad",
    [
        intent("", "hello"),
        cx.Intent(display_name="a", parameters=[WHERE | {"entity_type": f"{AGENT}/entityTypes/none"}]),
        cx.Intent(display_name="a", parameters=[WHERE | {"entity_type": f"{SYSTEM}sys.everything"}]),
        cx.Intent(display_name="a", parameters=[WHERE, WHERE]),
        cx.Intent(display_name="a", training_phrases=[{"parts": [PART]}]),
        cx.Intent(display_name="a", training_phrases=[{}]),
        cx.Intent(display_name="a", training_phrases=[{"parts": [{}]}]),
        cx.Intent(display_name="a", is_fallback=True),
    ],
    ids=[
        "no name", "no type", "no system type", "twice", "undeclared", "no parts", "no text", "fallback",
    ],
)  # fmt: skip
async def test_intents_keep_to_the_rules(clients: Clients, bad: cx.Intent) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        await clients.intents.create_intent(parent=AGENT, intent=bad)


@pytest.mark.parametrize(
    "bad",
    [
        cx.TransitionRoute(trigger_fulfillment={}),
        route(f"{AGENT}/intents/none"),
        cx.TransitionRoute(condition="true"),
    ],
    ids=["nothing to match", "no such intent", "nothing to do"],
)
async def test_routes_keep_to_the_rules(clients: Clients, bad: cx.TransitionRoute) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        await clients.flows.update_flow(flow=cx.Flow(name=FLOW, transition_routes=[bad]))


async def test_a_language_that_the_agent_does_not_speak_is_refused(clients: Clients) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        await clients.intents.list_intents(request={"parent": AGENT, "language_code": "fi"})


async def test_only_what_the_mask_names_is_changed(clients: Clients) -> None:
    made = await clients.intents.create_intent(parent=AGENT, intent=intent("hi", "hello", description="kept"))
    changed = intent("renamed", "good day")
    changed.name = made.name
    answer = await clients.intents.update_intent(intent=changed, update_mask={"paths": ["training_phrases"]})
    assert (answer.display_name, answer.description) == ("hi", "kept")
    assert answer.training_phrases[0].parts[0].text == "good day"
    with pytest.raises(exceptions.InvalidArgument):
        await clients.intents.update_intent(intent=changed, update_mask={"paths": ["phrases"]})
    changed.name = f"{AGENT}/intents/none"
    with pytest.raises(exceptions.NotFound):
        await clients.intents.update_intent(intent=changed)


async def test_lists_come_in_pages(clients: Clients) -> None:
    for number in range(5):
        await clients.intents.create_intent(parent=AGENT, intent=intent(f"intent {number}", "hello"))
    pager = await clients.intents.list_intents(request={"parent": AGENT, "page_size": 3})
    pages = [len(page.intents) async for page in pager.pages]
    assert pages == [3, 3, 1]


async def test_a_partial_view_holds_no_phrases(clients: Clients) -> None:
    await clients.intents.create_intent(parent=AGENT, intent=intent("hi", "hello"))
    pager = await clients.intents.list_intents(
        request={"parent": AGENT, "intent_view": cx.IntentView.INTENT_VIEW_PARTIAL}
    )
    assert not any([one.training_phrases async for one in pager])


async def test_an_intent_matches_once_it_has_a_route_and_was_trained(clients: Clients) -> None:
    made = await clients.intents.create_intent(parent=AGENT, intent=intent("greeting", "good day"))
    await clients.train()
    assert (await clients.match("good day")).match_type == cx.Match.MatchType.NO_MATCH
    await clients.flows.update_flow(flow=cx.Flow(name=FLOW, transition_routes=[route(made.name)]))
    assert (await clients.match("good day")).match_type == cx.Match.MatchType.NO_MATCH
    await clients.train()
    match = await clients.match("Good  Day")
    assert (match.match_type, match.intent.display_name) == (cx.Match.MatchType.INTENT, "greeting")


async def test_what_is_said_elsewhere_is_no_match(clients: Clients) -> None:
    await clients.learn(intent("greeting", "good day"))
    assert (await clients.match("good evening")).match_type == cx.Match.MatchType.NO_MATCH


async def test_marked_words_come_as_their_canonical_value(clients: Clients) -> None:
    kind = await clients.entity_types.create_entity_type(parent=AGENT, entity_type=entity_type())
    where = {"id": "where", "entity_type": kind.name}
    phrase = {"parts": [{"text": "come to "}, PART]}
    await clients.learn(cx.Intent(display_name="book", parameters=[where], training_phrases=[phrase]))
    match = await clients.match("come to my house")
    assert dict(match.parameters) == {"where": "home visit"}


async def test_a_negative_phrase_is_no_match(clients: Clients) -> None:
    await clients.learn(intent("greeting", "good day"))
    found = [one async for one in await clients.intents.list_intents(parent=AGENT) if one.is_fallback]
    found[0].training_phrases = intent("", "good day").training_phrases
    await clients.intents.update_intent(intent=found[0], update_mask={"paths": ["training_phrases"]})
    await clients.train()
    assert (await clients.match("good day")).match_type == cx.Match.MatchType.NO_MATCH


async def test_a_training_takes_a_while(dialogflow: FakeDialogflow, clients: Clients) -> None:
    dialogflow.content.training_polls = 3
    operation = await clients.flows.train_flow(name=FLOW)
    assert [await operation.done() for _ in range(3)] == [False, False, True]


async def test_told_to_fail_it_fails_here_too(dialogflow: FakeDialogflow, clients: Clients) -> None:
    dialogflow.fail(grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(exceptions.PermissionDenied):
        await clients.intents.list_intents(parent=AGENT)
