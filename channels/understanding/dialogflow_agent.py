"""Which Dialogflow CX agent is meant, and how its services are reached. It makes clients and asks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.oauth2.service_account import Credentials

from engine.errors import ChannelError

SESSION_ID_LENGTH: Final = 32
START_FLOW: Final = "00000000-0000-0000-0000-000000000000"
"""Every agent's first flow has this id."""


class NoCredentials(ChannelError):
    """Dialogflow: no credentials. Set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file."""


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

    @property
    def path(self) -> str:
        """Its name in every request."""
        return f"projects/{self.project}/locations/{self.location}/agents/{self.agent}"

    @property
    def start_flow(self) -> str:
        """The flow in which every session begins."""
        return f"{self.path}/flows/{START_FLOW}"

    def session(self, address_hash: str) -> str:
        """One conversation's name at Dialogflow; ids are limited to 36 characters there."""
        return f"{self.path}/sessions/{address_hash[:SESSION_ID_LENGTH]}"


@dataclass(frozen=True, slots=True)
class Access:
    """How the agent is reached."""

    credentials_file: str = ""
    """Of a service account; without it Google's own search for credentials decides."""
    insecure_address: str = ""
    """`host:port` of a stand-in on this machine, spoken to in plain text."""

    def client(self, kind: Any, agent: Agent) -> Any:  # noqa: ANN401  # the SDK's clients share no type
        """A client of this kind, such as `SessionsAsyncClient`. Made inside the running loop.

        Raises `NoCredentials`.
        """
        if self.insecure_address:
            channel = grpc.aio.insecure_channel(self.insecure_address)
            return kind(transport=kind.get_transport_class("grpc_asyncio")(channel=channel))
        options = ClientOptions(api_endpoint=agent.endpoint)
        try:
            return kind(credentials=self._credentials(), client_options=options)
        except (GoogleAuthError, GoogleAPIError) as error:
            raise NoCredentials from error

    def _credentials(self) -> Credentials | None:
        if not self.credentials_file:
            return None
        try:
            key: Credentials = Credentials.from_service_account_file(self.credentials_file)  # type: ignore[no-untyped-call]
        except (GoogleAuthError, OSError, ValueError):  # its own message may quote the key
            raise NoCredentials(
                "Dialogflow: GOOGLE_APPLICATION_CREDENTIALS has to name a service account's key file (JSON)."
            ) from None
        return key
