"""What one Dialogflow CX agent holds, with the real service's rules about it. No network in here.

It matches nothing but texts that are equal to a training phrase, and only what it has learnt: an intent
counts once a route of the start flow names it and the flow was trained after that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import grpc
from google.cloud import dialogflowcx_v3 as cx

START_FLOW = "00000000-0000-0000-0000-000000000000"
SYSTEM = "projects/-/locations/-/agents/-/entityTypes/"
SYSTEM_TYPES = frozenset(
    f"{SYSTEM}sys.{name}" for name in ("any", "date", "date-time", "time", "number", "person", "duration")
)
MOST_ON_A_PAGE = 1000
USUAL_PAGE = 100

T = TypeVar("T", cx.EntityType, cx.Intent)
M = TypeVar("M", cx.EntityType, cx.Intent, cx.Flow)


class Refused(Exception):  # named after what happened
    """The real service answers so."""

    def __init__(self, code: grpc.StatusCode, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


def invalid(why: str) -> NoReturn:
    """Refuse a request that does not keep to the rules."""
    raise Refused(grpc.StatusCode.INVALID_ARGUMENT, why)


def folded(text: str) -> str:
    """How texts are compared: case and blanks do not count."""
    return " ".join(text.casefold().split())


@dataclass
class Learnt:
    """What a phrase means since the last training."""

    intent: str
    """Its display name; empty for a phrase of the Default Negative Intent."""
    parameters: Mapping[str, str] = field(default_factory=dict)


class AgentContent:
    """Entity types, intents and the start flow of one agent. New ones hold what Google puts into them."""

    def __init__(self, agent: str, *, languages: Iterable[str] = ("en",)) -> None:
        self.agent = agent
        self.languages = frozenset(languages)
        self.entity_types: dict[str, cx.EntityType] = {}
        self.intents: dict[str, cx.Intent] = {}
        self.writes: list[str] = []
        """Every change that was made, in order."""
        self.training_polls = 2
        """How often somebody has to ask until a training is over."""
        self.training_error = ""
        """What a training ends with instead of having learnt."""
        self._numbers = itertools.count(1)
        self._learnt: dict[str, Learnt] = {}
        self._training: dict[str, int] = {}
        welcome = self._given("intents", cx.Intent(display_name="Default Welcome Intent"))
        negative = cx.Intent(
            name=f"{agent}/intents/00000000-0000-0000-0000-000000000001",
            display_name="Default Negative Intent",
            is_fallback=True,
        )
        self.intents = {welcome.name: welcome, negative.name: negative}
        route = cx.TransitionRoute(intent=welcome.name, trigger_fulfillment=cx.Fulfillment())
        self.flow = cx.Flow(
            name=f"{agent}/flows/{START_FLOW}", display_name="Default Start Flow", transition_routes=[route]
        )

    # What is asked while people talk

    def match(self, text: str) -> Learnt | None:
        """What a text was learnt to mean; None if nobody taught it."""
        return self._learnt.get(folded(text))

    # What is asked while somebody builds

    def page(self, items: Mapping[str, T], request: Any) -> tuple[list[T], str]:  # noqa: ANN401
        """Some of the items, and the token with which to ask for the next."""
        self._check(request.parent, request.language_code)
        size = min(request.page_size or USUAL_PAGE, MOST_ON_A_PAGE)
        if request.page_size < 0 or not (request.page_token or "0").isdecimal():
            invalid("Invalid page.")
        start = int(request.page_token or 0)
        everything = list(items.values())
        token = str(start + size) if start + size < len(everything) else ""
        return [copied(item) for item in everything[start : start + size]], token

    def create(self, items: dict[str, T], kind: str, parent: str, item: T, language: str) -> T:
        """Add one; `kind`: `entityTypes` or `intents`."""
        self._check(parent, language)
        made: T = self._given(kind, copied(item))
        self._check_item(items, made)
        if getattr(made, "is_fallback", False):
            invalid("Only the default negative intent may be a fallback intent.")
        items[made.name] = made
        self.writes.append(f"create {made.display_name}")
        return copied(made)

    def update(self, items: dict[str, T], item: T, paths: Iterable[str], language: str) -> T:
        """Change the fields that the mask names; without a mask all of them."""
        self._check(self.agent, language)
        if item.name not in items:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"{item.name} not found.")
        changed: T = merged(items[item.name], item, paths)
        self._check_item({name: other for name, other in items.items() if name != item.name}, changed)
        items[item.name] = changed
        self.writes.append(f"update {changed.display_name}")
        return copied(changed)

    def get_flow(self, name: str) -> cx.Flow:
        """The start flow; there is no other."""
        if name != self.flow.name:
            raise Refused(grpc.StatusCode.NOT_FOUND, "Flow not found.")
        return copied(self.flow)

    def update_flow(self, flow: cx.Flow, paths: Iterable[str], language: str) -> cx.Flow:
        """As `update`, for the start flow."""
        self.get_flow(flow.name)
        self._check(self.agent, language)
        changed = merged(self.flow, flow, paths)
        for route in changed.transition_routes:
            if not (route.intent or route.condition):
                invalid("A transition route needs an intent or a condition.")
            if route.intent and route.intent not in self.intents:
                invalid(f"Intent {route.intent} does not exist.")
            if not (route.target_page or route.target_flow or "trigger_fulfillment" in route):
                invalid("A transition route needs a target or a fulfillment.")
        self.flow = changed
        self.writes.append(f"update {changed.display_name}")
        return copied(changed)

    def train(self, flow: str) -> str:
        """Begin to learn what is there now; gives the operation's name."""
        self.get_flow(flow)
        name = f"{self.agent.rpartition('/agents/')[0]}/operations/{next(self._numbers)}"
        self._training[name] = self.training_polls
        return name

    def trained(self, operation: str) -> bool:
        """Whether a training is over; each time it is asked it comes a little nearer."""
        if operation not in self._training:
            raise Refused(grpc.StatusCode.NOT_FOUND, "Operation not found.")
        self._training[operation] -= 1
        if self._training[operation] > 0:
            return False
        if not self.training_error:
            self._learn()
        return True

    def _learn(self) -> None:
        routed = {route.intent for route in self.flow.transition_routes}
        self._learnt = {}
        for intent in self.intents.values():
            for phrase in intent.training_phrases:
                text = folded("".join(part.text for part in phrase.parts))
                if intent.is_fallback:
                    self._learnt[text] = Learnt("")
                elif intent.name in routed:
                    self._learnt.setdefault(text, Learnt(intent.display_name, self._values(intent, phrase)))

    def _values(self, intent: cx.Intent, phrase: cx.Intent.TrainingPhrase) -> dict[str, str]:
        """Canonical values of the marked parts. Of system entities it knows none: it reads no dates."""
        kinds = {parameter.id: parameter.entity_type for parameter in intent.parameters}
        return {
            part.parameter_id: entity.value
            for part in phrase.parts
            if (kind := self.entity_types.get(kinds.get(part.parameter_id, "")))
            for entity in kind.entities
            if folded(part.text) in map(folded, entity.synonyms)
        }

    # Rules

    def _given(self, kind: str, item: T) -> T:
        item.name = f"{self.agent}/{kind}/{next(self._numbers):08x}-0000-4000-8000-000000000000"
        return item

    def _check(self, agent: str, language: str) -> None:
        if agent != self.agent:
            raise Refused(grpc.StatusCode.NOT_FOUND, "Agent not found.")
        if language and language not in self.languages:
            invalid(f"Language {language} is not one of the agent's.")

    def _check_item(self, others: Mapping[str, T], item: T) -> None:
        if not item.display_name:
            invalid("Missing field display_name.")
        if any(other.display_name == item.display_name for other in others.values()):
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, f"{item.display_name} exists already.")
        if isinstance(item, cx.EntityType):
            check_entity_type(item)
        else:
            self._check_intent(item)

    def _check_intent(self, intent: cx.Intent) -> None:
        parameters = [parameter.id for parameter in intent.parameters]
        if len(parameters) != len(set(parameters)) or not all(parameters):
            invalid("Parameters need ids of their own.")
        for parameter in intent.parameters:
            if parameter.entity_type not in SYSTEM_TYPES and parameter.entity_type not in self.entity_types:
                invalid(f"Entity type {parameter.entity_type} does not exist.")
        for phrase in intent.training_phrases:
            if not phrase.parts or not all(part.text for part in phrase.parts):
                invalid("A training phrase needs parts with text.")
            if unknown := {part.parameter_id for part in phrase.parts} - {*parameters, ""}:
                invalid(f"Parameter {unknown} is not declared by the intent.")


def check_entity_type(item: cx.EntityType) -> None:
    """The rules for kinds, values and synonyms."""
    if item.kind == cx.EntityType.Kind.KIND_UNSPECIFIED:
        invalid("Missing field kind.")
    for entity in item.entities:
        if not entity.value or not entity.synonyms:
            invalid("An entity needs a value and synonyms.")
        if item.kind == cx.EntityType.Kind.KIND_LIST and list(entity.synonyms) != [entity.value]:
            invalid("An entity of a list has exactly one synonym, equal to its value.")


def copied(message: M) -> M:
    """Nobody shares a message with the agent."""
    made: M = type(message).deserialize(type(message).serialize(message))
    return made


def merged(old: M, new: M, paths: Iterable[str]) -> M:
    """The old message with the fields that the mask names taken from the new one."""
    fields = [*paths]
    if not fields:
        return copied(new)
    changed = copied(old)
    for path in fields:
        if path not in type(old).meta.fields:
            invalid(f"There is no field {path}.")
        setattr(changed, path, getattr(new, path))
    return changed
