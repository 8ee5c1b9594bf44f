"""Reads and writes one agent through Dialogflow's design-time services, slowly enough for their quota.

It decides nothing: what to write comes from channels.understanding.agent.comparison.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self, TypeVar

from google.api_core import exceptions as api
from google.auth.exceptions import GoogleAuthError
from google.cloud.dialogflowcx_v3 import (
    CreateEntityTypeRequest,
    CreateIntentRequest,
    EntityType,
    EntityTypesAsyncClient,
    Flow,
    FlowsAsyncClient,
    GetFlowRequest,
    Intent,
    IntentsAsyncClient,
    IntentView,
    ListEntityTypesRequest,
    ListIntentsRequest,
    TrainFlowRequest,
    UpdateEntityTypeRequest,
    UpdateFlowRequest,
    UpdateIntentRequest,
)
from google.protobuf.field_mask_pb2 import FieldMask
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from channels.understanding.agent.comparison import Found
from channels.understanding.dialogflow_agent import Access, Agent
from channels.understanding.dialogflow_failures import failure_of
from engine.errors import ChannelError

PACE: Final = 1.0
"""Seconds between two calls: design-time quotas are about one call a second."""
TIMEOUT: Final = 30.0
TRIES: Final = 8
"""A quota is refilled every minute: the pauses between so many tries add up to one and a half."""
POLL_SECONDS: Final = 2.0
TRAINING_SECONDS: Final = 900.0
PAGE: Final = 100
ROLE: Final = "Dialogflow API Admin"

Pause = Callable[[float], Awaitable[None]]
T = TypeVar("T")


class AgentRefused(ChannelError):
    """Dialogflow did not do what it was asked; what was written before stays written."""


class AlreadyThere(ChannelError):
    """Somebody made a thing of the same name in the meantime: look at the agent again."""


class Console:
    """One agent, as whoever builds it sees it."""

    def __init__(
        self,
        agent: Agent,
        access: Access,
        language: str,
        *,
        pace: float = PACE,
        pause: Pause = asyncio.sleep,
        tries: int = TRIES,
    ) -> None:
        """Make the clients, inside the running loop. Raises `NoCredentials`.

        `tries`: how often each call is made while the service is busy. `pause`: waits for so many seconds,
        between calls and while the agent learns.
        """
        self._agent = agent
        self._language = language
        self._pace, self._pause = pace, pause
        self._entity_types = access.client(EntityTypesAsyncClient, agent)
        self._intents = access.client(IntentsAsyncClient, agent)
        self._flows = access.client(FlowsAsyncClient, agent)
        self._again = AsyncRetrying(
            retry=retry_if_exception_type((api.ServiceUnavailable, api.ResourceExhausted)),
            stop=stop_after_attempt(tries),
            wait=wait_exponential(multiplier=1, max=32),
            sleep=pause,
            reraise=True,
        )

    async def __aenter__(self) -> Self:
        """Nothing is asked yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        for client in (self._entity_types, self._intents, self._flows):
            await client.transport.close()

    async def read(self) -> Found:
        """Everything that the agent holds. Raises `AgentRefused`, as all the others."""
        types = await self._list(self._entity_types.list_entity_types, ListEntityTypesRequest, "entity types")
        intents = await self._list(
            self._intents.list_intents, ListIntentsRequest, "intents", intent_view=IntentView.INTENT_VIEW_FULL
        )
        request = GetFlowRequest(name=self._agent.start_flow, language_code=self._language)
        flow = await self._ask(self._flows.get_flow, request, "the start flow")
        return Found(
            {one.display_name: one for one in types}, {one.display_name: one for one in intents}, flow
        )

    async def write(self, message: EntityType | Intent | Flow) -> None:
        """Make or change one thing. Raises `AlreadyThere` when another of its name was made meanwhile."""
        name = message.display_name
        if isinstance(message, EntityType):
            await self._write_entity_type(message, f"entity type {name}")
        elif isinstance(message, Intent):
            await self._write_intent(message, f"intent {name}")
        else:
            await self._ask(
                self._flows.update_flow,
                UpdateFlowRequest(
                    flow=message,
                    language_code=self._language,
                    update_mask=FieldMask(paths=["transition_routes"]),
                ),
                "the start flow",
            )

    async def train(self) -> None:
        """Have the agent learn what was written, and wait until it has."""
        request = TrainFlowRequest(name=self._agent.start_flow)
        operation = await self._ask(self._flows.train_flow, request, "the training")
        waited = 0.0
        while not await self._told(operation.done(), "the training"):
            if waited >= TRAINING_SECONDS:
                raise AgentRefused(
                    "Dialogflow is still training after 15 minutes: look at it in its console."
                )
            await self._pause(POLL_SECONDS)
            waited += POLL_SECONDS
        if error := await operation.exception():
            raise AgentRefused(
                f"Dialogflow could not train the agent: {getattr(error, 'message', error)}. "
                "Run `nlu push --train` again."
            )

    async def _write_entity_type(self, message: EntityType, what: str) -> None:
        if message.name:
            mask = FieldMask(paths=["entities", "redact"])
            request: Any = UpdateEntityTypeRequest(
                entity_type=message, language_code=self._language, update_mask=mask
            )
            await self._ask(self._entity_types.update_entity_type, request, what)
        else:
            request = CreateEntityTypeRequest(
                parent=self._agent.path, entity_type=message, language_code=self._language
            )
            await self._ask(self._entity_types.create_entity_type, request, what)

    async def _write_intent(self, message: Intent, what: str) -> None:
        if message.name:
            mask = FieldMask(paths=["training_phrases", "parameters"])
            request: Any = UpdateIntentRequest(intent=message, language_code=self._language, update_mask=mask)
            await self._ask(self._intents.update_intent, request, what)
        else:
            request = CreateIntentRequest(
                parent=self._agent.path, intent=message, language_code=self._language
            )
            await self._ask(self._intents.create_intent, request, what)

    async def _list(
        self,
        method: Callable[..., Awaitable[Any]],
        kind: Any,  # noqa: ANN401  # the SDK's messages share no type
        what: str,
        **more: object,
    ) -> list[Any]:
        """All pages of a list."""
        items: list[Any] = []
        token = ""
        while True:
            request = kind(
                parent=self._agent.path,
                language_code=self._language,
                page_size=PAGE,
                page_token=token,
                **more,
            )
            page = (await self._ask(method, request, what)).raw_page
            items += getattr(page, what.replace(" ", "_"))
            token = page.next_page_token
            if not token:
                return items

    async def _ask(self, method: Callable[..., Awaitable[Any]], request: object, what: str) -> Any:  # noqa: ANN401
        """One call, at its pace; tried again while the service is busy or the quota is used up."""
        await self._pause(self._pace)
        return await self._told(self._again(method, request=request, timeout=TIMEOUT, retry=None), what)

    async def _told(self, answer: Awaitable[T], what: str) -> T:
        """The answer, or the failure in words that say what to do."""
        try:
            return await answer
        except api.AlreadyExists as error:
            raise AlreadyThere from error
        except (api.GoogleAPIError, GoogleAuthError) as error:
            said = getattr(error, "message", "")
            reason = failure_of(error, role=ROLE).reason
            raise AgentRefused(
                f"Dialogflow, {what}: {reason}." + (f" It says: {said}" if said else "")
            ) from error
