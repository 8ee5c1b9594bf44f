"""Dialogflow CX as a classifier: one `MatchIntent` call per text, for intent and entities alone.

The agent's pages and answers are never used. The session id is a hash; no phone number leaves here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Self

from google.api_core.exceptions import GoogleAPIError
from google.api_core.retry import AsyncRetry
from google.auth.exceptions import GoogleAuthError
from google.cloud.dialogflowcx_v3 import (
    Match,
    MatchIntentRequest,
    MatchIntentResponse,
    QueryInput,
    QueryParameters,
    SessionsAsyncClient,
    TextInput,
)

from channels.understanding.dialogflow_agent import Access, Agent
from channels.understanding.dialogflow_failures import failure_of, worth_another_try
from channels.understanding.dialogflow_values import completed, entity_values, plain
from channels.understanding.local_entities import LocalEntities
from engine.errors import ReadingUnavailable
from engine.events import Reading
from engine.narrow import NONE_OF_THESE

LONGEST_TEXT: Final = 256
TIMEOUT: Final = 1.5
"""Seconds for one reading, retries included."""
RETRIED: Final = 0.8
"""For which part of it a lost connection is tried again, so that there is time left to tell why it failed."""


class DialogflowClassifier:
    """Reads texts with a Dialogflow CX agent that was made from the same intents and entities."""

    name: Final = "dialogflow"
    paid: Final = True

    def __init__(
        self,
        client: SessionsAsyncClient,
        agent: Agent,
        entities: Mapping[str, str],
        *,
        local: LocalEntities | None = None,
        language: str = "en",
        timeout: float = TIMEOUT,
    ) -> None:
        """`entities`: Dialogflow's name of each entity -> ours, such as `service-type` -> `service_type`.

        `local`: finds what Dialogflow leaves out.
        """
        self._client = client
        self._agent = agent
        self._entities = dict(entities)
        self._local = local
        self._language = language
        self._timeout = timeout

    @classmethod
    def connect(
        cls,
        agent: Agent,
        access: Access,
        entities: Mapping[str, str],
        *,
        local: LocalEntities | None = None,
        language: str = "en",
        timeout: float = TIMEOUT,
    ) -> Self:
        """Make the client inside the running loop. Raises `NoCredentials`."""
        client = access.client(SessionsAsyncClient, agent)
        return cls(client, agent, entities, local=local, language=language, timeout=timeout)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.transport.close()  # type: ignore[no-untyped-call]

    async def read(self, text: str, *, now: datetime, address_hash: str) -> Reading:
        """Ask the agent. Raises `ReadingUnavailable` when it does not answer well and in time."""
        said = shortened(text)
        if not said:
            return Reading(scores=(), language=self._language, read_by=self.name)
        request = MatchIntentRequest(
            session=self._agent.session(address_hash),
            query_params=QueryParameters(time_zone=_zone_name(now)),
            query_input=QueryInput(text=TextInput(text=said), language_code=self._language),
        )
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.match_intent(
                    request=request, timeout=self._timeout, retry=self._retry()
                )
        except (GoogleAPIError, GoogleAuthError, TimeoutError) as error:
            failure = failure_of(error)
            raise ReadingUnavailable(f"Dialogflow: {failure.reason}.", lasting=failure.lasting) from error
        matches = MatchIntentResponse.pb(answer).matches
        parameters = plain(matches[0].parameters) if matches else {}
        words = said if self._language.partition("-")[0] == "en" else ""
        theirs = entity_values(parameters, self._entities, now, words)
        here = self._local.find(text, now) if self._local else None
        return Reading(
            scores=_scores(matches),
            entities=completed(theirs, here.entities) if here else theirs,
            latent=here.latent if here else {},
            language=self._language,
            read_by=self.name,
        )

    def _retry(self) -> AsyncRetry:
        """Given with every call: the SDK's own would go on for minutes, `timeout` being for each attempt."""
        return AsyncRetry(
            initial=0.05,
            maximum=0.4,
            multiplier=2,
            timeout=RETRIED * self._timeout,
            predicate=worth_another_try(),
        )


def shortened(text: str) -> str:
    """The text cut to what Dialogflow takes, at a blank if there is one."""
    said = text.strip()
    if len(said) <= LONGEST_TEXT:
        return said
    whole_words = said[: LONGEST_TEXT + 1].rsplit(maxsplit=1)[0]
    return whole_words[:LONGEST_TEXT].rstrip()


def _scores(matches: Any) -> tuple[tuple[str, float], ...]:  # noqa: ANN401  # the SDK is untyped
    """Intents, best first; that nothing matched is a reading, too."""
    scores: dict[str, float] = {}
    for match in matches:
        named = match.match_type in {Match.MatchType.INTENT, Match.MatchType.DIRECT_INTENT}
        intent = match.intent.display_name if named else NONE_OF_THESE
        scores[intent] = max(scores.get(intent, 0.0), round(match.confidence, 4))
    return tuple(sorted(scores.items(), key=lambda scored: -scored[1]))


def _zone_name(now: datetime) -> str:
    """The IANA name of the zone that `now` is in; without one the agent uses its own."""
    return getattr(now.tzinfo, "key", "")
