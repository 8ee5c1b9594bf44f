"""How an agent differs from what it has to hold, and the messages that would mend it. Asks nobody.

A message holds everything that the agent has already and what was missing, never less: writing it loses
nothing. An agent that lacks nothing needs no message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.cloud.dialogflowcx_v3 import EntityType, Flow, Fulfillment, Intent, TransitionRoute

from channels.understanding.agent.content import Content, Parameter, Part, Phrase, joined, text_of

SYSTEM: Final = "projects/-/locations/-/agents/-/entityTypes/"
TAKES_MESSAGES: Final = "; delete its route in the start flow: it takes messages away from ours"
ALWAYS: Final = frozenset({"", "true"})
"""Conditions of a route that never keep an intent from being matched."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an agent holds."""

    entity_types: Mapping[str, EntityType]
    """By display name, as the intents."""
    intents: Mapping[str, Intent]
    flow: Flow
    """The start flow."""

    @property
    def negative(self) -> Intent | None:
        """The Default Negative Intent, whatever it is called."""
        return next((intent for intent in self.intents.values() if intent.is_fallback), None)


@dataclass(frozen=True, slots=True)
class Difference:
    """How one thing in the agent differs."""

    what: str
    """Such as `intent book.appointment`."""
    missing: tuple[str, ...] = ()
    """What the agent lacks, or has otherwise."""
    extra: tuple[str, ...] = ()
    """What only the agent has: told, and left alone."""
    message: Any = field(default=None, compare=False)
    """What would mend it; without a name it is to be made. None where nothing is missing."""

    @property
    def new(self) -> bool:
        """Whether the agent has nothing of that name."""
        return self.message is not None and not self.message.name


def entity_type_differences(content: Content, found: Found) -> list[Difference]:
    """Entity types that are missing or lack values, and values that only the agent has."""
    differences = [
        _entity_type(name, values, found.entity_types.get(name), personal=name in content.personal_types)
        for name, values in content.values.items()
    ]
    return [one for one in differences if one.missing or one.extra]


def intent_differences(content: Content, found: Found) -> list[Difference]:
    """Intents that are missing or lack phrases, and phrases that only the agent has."""
    references = {
        name: found.entity_types[parameter.kind].name
        if parameter.own and parameter.kind in found.entity_types
        else f"{SYSTEM}{parameter.kind}"
        for name, parameter in content.parameters.items()
    }
    differences = [
        _intent(content, name, counterpart(content, name, found), references) for name in content.intents
    ]
    return [one for one in differences if one.missing or one.extra]


def route_difference(content: Content, found: Found) -> Difference:
    """Intents to which the start flow has no route, without which they are never matched."""
    routed = {route.intent for route in found.flow.transition_routes if route.condition in ALWAYS}
    intents = {name: counterpart(content, name, found) for name in content.intents}
    missing = [
        name
        for name, intent in intents.items()
        if intent is None or not (intent.is_fallback or intent.name in routed)
    ]
    if not missing:
        return Difference("start flow")
    added = [
        # Google's rule: a route has a target or something to do. It stays where it is, so it does nothing.
        TransitionRoute(intent=intent.name, trigger_fulfillment=Fulfillment())
        for name in missing
        if (intent := intents[name]) is not None
    ]
    flow = Flow(
        name=found.flow.name,
        display_name=found.flow.display_name,
        transition_routes=[*found.flow.transition_routes, *added],
    )
    return Difference("start flow", tuple(f"route to {name}" for name in missing), message=flow)


def left_alone(content: Content, found: Found) -> list[str]:
    """What is in the agent and none of ours; a route to such an intent takes messages away from ours."""
    ours = {
        found_intent.name for name in content.intents if (found_intent := counterpart(content, name, found))
    }
    routed = {route.intent for route in found.flow.transition_routes}
    types = [f"entity type {name}" for name in found.entity_types if name not in content.values]
    intents = [
        f"intent {intent.display_name}" + (TAKES_MESSAGES if intent.name in routed else "")
        for intent in found.intents.values()
        if intent.name not in ours and not intent.is_fallback
    ]
    return types + intents


def counterpart(content: Content, name: str, found: Found) -> Intent | None:
    """The agent's intent for one of ours."""
    return (found.negative if name == content.negative else None) or found.intents.get(name)


def phrases_of(intent: Intent) -> list[Phrase]:
    """The training phrases of an agent's intent."""
    return [
        joined(tuple(Part(part.text, part.parameter_id) for part in phrase.parts))
        for phrase in intent.training_phrases
    ]


def _entity_type(
    name: str, values: Mapping[str, tuple[str, ...]], found: EntityType | None, *, personal: bool
) -> Difference:
    there = {entity.value: list(entity.synonyms) for entity in found.entities} if found else {}
    missing, mended = [], {value: list(words) for value, words in there.items()}
    for value, words in values.items():
        kept = mended.setdefault(value, [])
        lacking = [word for word in dict.fromkeys((value, *words)) if word not in kept]
        kept += lacking
        missing += [f"{value}: {word}" for word in lacking]
    if found and personal and not found.redact:
        missing.append("kept out of logs")
    extra = [
        f"{value}: {word}"
        for value, words in there.items()
        for word in words
        if word not in (value, *values.get(value, ()))
    ]
    message = EntityType(
        name=found.name if found else "",
        display_name=name,
        kind=found.kind if found else EntityType.Kind.KIND_MAP,
        entities=[EntityType.Entity(value=value, synonyms=words) for value, words in mended.items()],
        redact=personal or bool(found and found.redact),
    )
    return Difference(f"entity type {name}", tuple(missing), tuple(extra), message if missing else None)


def _intent(content: Content, name: str, found: Intent | None, references: Mapping[str, str]) -> Difference:
    wanted = {text_of(phrase): joined(phrase) for phrase in content.intents[name]}
    parameters = content.parameters_of(name)
    if found and found.is_fallback:  # it is never matched, so there is nobody to give a value to
        wanted, parameters = {text: (Part(text),) for text in wanted}, {}
    there = {text_of(phrase): phrase for phrase in phrases_of(found)} if found else {}
    missing = [text for text in wanted if text not in there]
    altered = [text for text in wanted if text in there and there[text] != wanted[text]]
    described = [_marked(wanted[text]) for text in (*missing, *altered)]
    described += [
        f"parameter {parameter}"
        for parameter, wants in parameters.items()
        if not _has_parameter(found, parameter, wants, references)
    ]
    extra = tuple(_marked(phrase) for text, phrase in there.items() if text not in wanted)
    if not described:
        return Difference(f"intent {name}", extra=extra)
    message = Intent(
        name=found.name if found else "",
        display_name=found.display_name if found else name,
        training_phrases=[
            *_kept(found, wanted, set(altered)),
            *(_training_phrase(wanted[text]) for text in missing),
        ],
        parameters=_parameters(found, parameters, references),
    )
    return Difference(f"intent {name}", tuple(described), extra, message)


def _kept(found: Intent | None, wanted: Mapping[str, Phrase], altered: set[str]) -> list[Any]:
    """The agent's own phrases; those that are ours but marked otherwise, as we mark them."""
    kept = []
    for phrase in found.training_phrases if found else ():
        text = "".join(part.text for part in phrase.parts)
        kept.append(_training_phrase(wanted[text]) if text in altered else phrase)
    return kept


def _training_phrase(phrase: Phrase) -> Intent.TrainingPhrase:
    parts = [Intent.TrainingPhrase.Part(text=part.text, parameter_id=part.parameter) for part in phrase]
    return Intent.TrainingPhrase(parts=parts, repeat_count=1)


def _parameters(
    found: Intent | None, wanted: Mapping[str, Parameter], references: Mapping[str, str]
) -> list[Intent.Parameter]:
    others = [one for one in found.parameters if one.id not in wanted] if found else []
    ours = [
        Intent.Parameter(id=name, entity_type=references[name], redact=parameter.personal)
        for name, parameter in wanted.items()
    ]
    return [*others, *ours]


def _has_parameter(found: Intent | None, name: str, wanted: Parameter, references: Mapping[str, str]) -> bool:
    return any(
        one.id == name and one.entity_type == references[name] and one.redact == wanted.personal
        for one in (found.parameters if found else ())
    )


def _marked(phrase: Phrase) -> str:
    """`text [words](parameter) text`, as in flows/understanding.yaml."""
    return "".join(f"[{part.text}]({part.parameter})" if part.parameter else part.text for part in phrase)
