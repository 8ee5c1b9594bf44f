"""With whom somebody would like to be: "on friday with anna", "can I see Dr Osei", "somebody else"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from storage.practice import Therapist

_ASKING = r"(?:with|see|dr\.?|doctor|therapist|con)"
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
    found = [one for one in therapists if _is_asked_for(text, one.name)]
    return found[0] if len(found) == 1 else None


def asks_for_anybody(text: str) -> bool:
    """Whether somebody takes whoever is free."""
    return _ANYBODY.search(text) is not None


def asks_for_another(text: str) -> bool:
    """Whether somebody wants another one than the therapist who is on offer."""
    return _ANOTHER.search(text) is not None


def _is_asked_for(text: str, name: str) -> bool:
    if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE):
        return True
    parts = "|".join(re.escape(part) for part in re.split(r"[\s-]+", name) if len(part) > 2)  # noqa: PLR2004  # no initials
    return bool(parts) and re.search(rf"\b{_ASKING}\s+(?:{parts})\b", text, re.IGNORECASE) is not None
