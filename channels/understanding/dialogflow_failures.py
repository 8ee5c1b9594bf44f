"""What each failure of Dialogflow means, and who can mend it. Names and advice only, never a text.

Which statuses may be tried again follows Google's list of gRPC statuses for Dialogflow: a lost connection
at once, an internal error once, a quota that is used up not before it has been refilled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from google.api_core import exceptions as api
from google.auth.exceptions import GoogleAuthError


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer is missing."""

    reason: str
    """What happened and what to do."""
    lasting: bool = False
    """It will not have passed with the next message: somebody has to act, or a quota to be refilled."""


_KINDS: Final[tuple[tuple[type[BaseException], Failure], ...]] = (
    (
        api.ResourceExhausted,
        Failure(
            "the quota is used up; if that happens often, ask for more in Google Cloud's console",
            lasting=True,
        ),
    ),
    (
        api.PermissionDenied,
        Failure(
            "the service account may not use this agent; give it the role {role} and see that the "
            "Dialogflow API is enabled in its project",
            lasting=True,
        ),
    ),
    (
        api.Unauthenticated,
        Failure("the credentials were not accepted; check GOOGLE_APPLICATION_CREDENTIALS", lasting=True),
    ),
    (
        api.NotFound,
        Failure(
            "there is no such agent; check DIALOGFLOW_PROJECT_ID, DIALOGFLOW_LOCATION and "
            "DIALOGFLOW_AGENT_ID",
            lasting=True,
        ),
    ),
    (
        api.InvalidArgument,
        Failure("it refuses the request; check DIALOGFLOW_LOCATION and the agent's languages"),
    ),
    (api.DeadlineExceeded, Failure("it did not answer in time")),
    (TimeoutError, Failure("it did not answer in time")),
    (api.ServiceUnavailable, Failure("it cannot be reached")),
    (
        GoogleAuthError,
        Failure("no access token was given; check GOOGLE_APPLICATION_CREDENTIALS and the network"),
    ),
)


def failure_of(error: BaseException, *, role: str = "Dialogflow API Client") -> Failure:
    """What an exception of the SDK means. `role`: which the service account needs for what was asked."""
    if isinstance(error, api.RetryError) and error.cause is not None:
        return failure_of(error.cause, role=role)
    for kind, failure in _KINDS:
        if isinstance(error, kind):
            return replace(failure, reason=failure.reason.format(role=role))
    return Failure(f"it failed ({type(error).__name__})")


def worth_another_try() -> Callable[[Exception], bool]:
    """A predicate for one call: a lost connection whenever time is left, an internal error once."""
    internal = 0

    def another(error: Exception) -> bool:
        nonlocal internal
        if isinstance(error, api.InternalServerError | api.Aborted):
            internal += 1
            return internal == 1
        return isinstance(error, api.ServiceUnavailable)

    return another
