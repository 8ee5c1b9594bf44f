"""What has to be made in WhatsApp before these flows can say everything: templates, buttons and lists. Pure.

A template is a text of `flows/texts/` with numbered variables for its places, and with the buttons that a
flow offers with it. Its name tells what is in it: other words make another name, and so another template.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.model import Flow, Flows
from flows.lengths import CHOOSE
from flows.template_limits import PLACE
from flows.texts import Language, Texts
from storage.contents import StoredContent

MOST_OPTIONS = 10
"""As many rows as a list takes."""
_NO_NAME = re.compile(r"[^a-z0-9]+")
Buttons = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One text in one language, as WhatsApp has to approve it."""

    key: str
    language: str
    category: str
    body: str
    """With `{{1}}`, `{{2}}`, ... for its places."""
    places: tuple[str, ...]
    """What the variables stand for, in order."""
    buttons: Buttons
    """Events with their titles. The id of each is a variable, too: those behind the places, in order."""
    examples: tuple[str, ...]
    """What might fill each place."""

    @property
    def name(self) -> str:
        """Lower case letters, figures and underscores, as WhatsApp asks for."""
        return _name(self.key, self.language, [self.category, self.body, self.places, self.buttons])


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The body of a message with so many options to tap, for use within the 24 hours. All is variable."""

    kind: str
    """`buttons`, `list`, or `described` for a list whose rows have a description."""
    language: str
    count: int
    choose: str
    """What stands on the button that opens a list."""

    @property
    def name(self) -> str:
        """As a template's."""
        return _name(f"{self.kind}_{self.count}", self.language, [self.choose])


def templates_for(flows: Flows, texts: Texts) -> list[Template]:
    """Every template that these flows may need, in every language."""
    buttons = {key: sorted({offered for said, offered in _sayings(flows) if said == key}) or [()]
               for key in texts.templates}  # fmt: skip
    return [
        _template(texts, language, words, key, events)
        for language, words in sorted(texts.languages.items())
        for key in texts.templates
        for events in buttons[key]
    ]


def unapproved(flows: Flows, texts: Texts, made: Sequence[StoredContent]) -> list[str]:
    """The texts of which no version is approved, as `language/text`.

    Whoever has been silent for a day would not get them.
    """
    approved = {(one.language, one.text_key) for one in made if one.kind == "template" and one.is_approved}
    wanted = {(one.language, one.key) for one in templates_for(flows, texts)}
    return [f"{language}/{key}" for language, key in sorted(wanted - approved)]


def frames_for(flows: Flows, texts: Texts) -> list[Frame]:
    """Every frame that these flows may need, in every language: for each number of options that may come."""
    counts = {len(offered) for _, offered in _sayings(flows) if offered}
    if any(isinstance(state.options, str) for flow in flows.values() for state in flow.states.values()):
        counts = set(range(1, MOST_OPTIONS + 1))
    kinds = {"buttons": 3, "list": MOST_OPTIONS, "described": MOST_OPTIONS}
    return [
        Frame(kind=kind, language=language, count=count, choose=words.texts.get(CHOOSE, "☰"))
        for language, words in sorted(texts.languages.items())
        for kind, most in kinds.items()
        for count in sorted(counts)
        if count <= most
    ]


def _template(texts: Texts, language: str, words: Language, key: str, events: tuple[str, ...]) -> Template:
    text = words.texts[key]
    places = tuple(dict.fromkeys(PLACE.findall(text)))
    return Template(
        key=key,
        language=language,
        category=str(texts.templates[key]),
        body=PLACE.sub(lambda place: f"{{{{{places.index(place[1]) + 1}}}}}", text),
        places=places,
        buttons=tuple((event, words.titles[event]) for event in events),
        examples=tuple(words.examples[place] for place in places),
    )


def _sayings(flows: Flows) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every text that a flow says, with the options that are the same whenever it says it."""
    for flow in flows.values():
        yield from _sayings_of(flow)


def _sayings_of(flow: Flow) -> Iterator[tuple[str, tuple[str, ...]]]:
    targets = [target for rule in flow.all_rules() for target in rule.targets.values()]
    for state in flow.states.values():
        targets += [state.wait.target] if state.wait else []
        if state.ask and not isinstance(state.options, str):
            yield str(state.ask), tuple(map(str, state.options or ()))
    for target in targets:
        for number, text in enumerate(target.say):
            is_last = number == len(target.say) - 1
            yield str(text), tuple(map(str, target.options)) if is_last else ()


def _name(head: str, language: str, content: object) -> str:
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:10]
    return f"{_NO_NAME.sub('_', head.lower())}_{_NO_NAME.sub('_', language.lower())}_{digest}"
