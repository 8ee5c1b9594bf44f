"""With whom somebody would like to be: "on friday with anna", "can I see Dr Osei", "somebody else"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from storage.practice import Therapist

_ASKING = r"(?:with|see|dr\.?|doctor|therapist|con)"
_DENIED = re.compile(
    r"\b(?:not|\w+n't|without|except|instead of|rather than|anybody but|anyone but)"
    r"(?: want| like| to| be| go| see| have)*\s*$",
    re.IGNORECASE,
)
_ANYBODY = re.compile(
    r"\b(any(?:body|one)(?! else)|any therapist|who(?:m)?ever|no matter who|cualquiera)\b", re.IGNORECASE
)
_ANOTHER = re.compile(
    r"\b((?:an)?other therapists?|(?:a )?different (?:therapist|one|person)|(?:some|any)(?:body|one) else"
    r"|otr[oa] (?:terapeuta|persona))\b",
    re.IGNORECASE,
)


def asked_for(text: str, therapists: Sequence[Therapist]) -> Therapist | None:
    """The one therapist who is named; None for nobody, or where the name fits several.

    A first or last name counts after a word that asks for somebody, as clients are called Anna, too.
    """
    return _only(
        one for one in therapists if (found := _named(text, one.name)) and not _is_denied(text, found)
    )


def turned_down(text: str, therapists: Sequence[Therapist]) -> Therapist | None:
    """The one therapist who is not wanted: "not with Anna"."""
    return _only(one for one in therapists if (found := _named(text, one.name)) and _is_denied(text, found))


def asks_for_anybody(text: str) -> bool:
    """Whether somebody takes whoever is free."""
    return _ANYBODY.search(text) is not None


def asks_for_another(text: str) -> bool:
    """Whether somebody wants another one than the therapist who is on offer."""
    return _ANOTHER.search(text) is not None


def _only(found: Iterable[Therapist]) -> Therapist | None:
    those = list(found)
    return those[0] if len(those) == 1 else None


def _is_denied(text: str, found: re.Match[str]) -> bool:
    return _DENIED.search(text[: found.start()]) is not None


def _named(text: str, name: str) -> re.Match[str] | None:
    if whole := re.search(rf"(?:\b{_ASKING}\s+)?\b{re.escape(name)}\b", text, re.IGNORECASE):
        return whole
    parts = "|".join(re.escape(part) for part in re.split(r"[\s-]+", name) if len(part) > 2)  # noqa: PLR2004  # no initials
    return re.search(rf"\b{_ASKING}\s+(?:{parts})\b", text, re.IGNORECASE) if parts else None
