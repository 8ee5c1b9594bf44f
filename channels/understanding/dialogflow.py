"""Dialogflow CX as a classifier: one `MatchIntent` call per text, for intent and entities alone.

The agent's pages and answers are never used. The session id is a hash; no phone number leaves here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

import grpc
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPIError, ServiceUnavailable
from google.api_core.retry import AsyncRetry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud.dialogflowcx_v3 import (
    Match,
    MatchIntentRequest,
    QueryInput,
    QueryParameters,
    SessionsAsyncClient,
    TextInput,
)
from google.cloud.dialogflowcx_v3.services.sessions.transports import SessionsGrpcAsyncIOTransport
from google.protobuf.json_format import MessageToDict

from channels.understanding.dialogflow_values import entity_values
from engine.errors import ReadingUnavailable
from engine.events import Reading
from engine.narrow import NONE_OF_THESE

LONGEST_TEXT: Final = 256
SESSION_ID_LENGTH: Final = 32
TIMEOUT: Final = 1.5
"""Seconds for one reading, retries included."""
_RETRY: Final[dict[str, Any]] = {
    "initial": 0.05,
    "maximum": 0.4,
    "multiplier": 2,
    "predicate": if_exception_type(ServiceUnavailable),
}


@dataclass(frozen=True, slots=True)
class Agent:
    """Which agent is asked."""

    project: str
    location: str
    agent: str

    @property
    def endpoint(self) -> str:
        """The regional address; the SDK does not derive it from the agent's name."""
        region = "" if self.location == "global" else f"{self.location}-"
        return f"{region}dialogflow.googleapis.com"

    def session(self, address_hash: str) -> str:
        """One conversation's name at Dialogflow; ids are limited to 36 characters there."""
        path = f"projects/{self.project}/locations/{self.location}/agents/{self.agent}"
        return f"{path}/sessions/{address_hash[:SESSION_ID_LENGTH]}"


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
        language: str = "en",
        timeout: float = TIMEOUT,
    ) -> None:
        """`entities`: Dialogflow's name of each entity -> ours, such as `service-type` -> `service_type`."""
        self._client = client
        self._agent = agent
        self._entities = dict(entities)
        self._language = language
        self._timeout = timeout

    @classmethod
    def connect(
        cls,
        agent: Agent,
        entities: Mapping[str, str],
        *,
        language: str = "en",
        timeout: float = TIMEOUT,
        insecure_address: str = "",
        credentials_file: str = "",
    ) -> Self:
        """Make the client inside the running loop. Raises `ReadingUnavailable` without credentials.

        `credentials_file`: of a service account; without it Google's own search for credentials decides.
        `insecure_address`: `host:port` of a stand-in on this machine, spoken to in plain text.
        """
        if insecure_address:
            channel = grpc.aio.insecure_channel(insecure_address)
            client = SessionsAsyncClient(transport=SessionsGrpcAsyncIOTransport(channel=channel))
        else:
            options = ClientOptions(api_endpoint=agent.endpoint, credentials_file=credentials_file or None)
            try:
                client = SessionsAsyncClient(client_options=options)
            except (GoogleAuthError, GoogleAPIError, OSError, ValueError) as error:
                raise ReadingUnavailable(
                    "Dialogflow: no credentials; set GOOGLE_APPLICATION_CREDENTIALS"
                ) from error
        return cls(client, agent, entities, language=language, timeout=timeout)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.transport.close()  # type: ignore[no-untyped-call]

    async def read(self, text: str, *, now: datetime, address_hash: str) -> Reading:
        """Ask the agent. Raises `ReadingUnavailable` when it does not answer well and in time."""
        said = shortened(text)
        if not said:
            return self._reading((), {})
        request = MatchIntentRequest(
            session=self._agent.session(address_hash),
            query_params=QueryParameters(time_zone=_zone_name(now)),
            query_input=QueryInput(text=TextInput(text=said), language_code=self._language),
        )
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.match_intent(
                    request=request, timeout=self._timeout, retry=AsyncRetry(timeout=self._timeout, **_RETRY)
                )
        except (GoogleAPIError, GoogleAuthError, TimeoutError) as error:
            raise ReadingUnavailable(f"Dialogflow: {type(error).__name__}") from error
        parameters = MessageToDict(answer._pb.matches[0].parameters) if answer.matches else {}  # noqa: SLF001
        return self._reading(_scores(answer.matches), entity_values(parameters, self._entities, now))

    def _reading(self, scores: tuple[tuple[str, float], ...], entities: dict[str, Any]) -> Reading:
        return Reading(scores=scores, entities=entities, language=self._language, read_by=self.name)


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
