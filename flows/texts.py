"""Puts effects into words: the texts of `flows/texts/`, one file a language.

What is filled into a text is never read as a template itself: a client may be called `{summary}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.effects import Filled, Message, Option, Say
from engine.errors import FlowError
from engine.events import Value, Values
from engine.model import Place
from engine.snapshot import Snapshot
from flows.lengths import check_lengths, parted, shortened
from flows.parts import check_places
from flows.strict_yaml import Keys, Problems, Text, read_yaml
from flows.template_limits import PLACE, check_named, check_templates, check_titles

FALLBACK = "en"
ALONE = frozenset({"crisis", "numbers_again"})
"""Texts that are a message of their own: beside buttons WhatsApp would run their lines into one."""
OTHER_WORDS = "other_words"
"""A conversation remembers under this name which texts are said otherwise than in its language."""
SECTIONS = ("options", "texts", "templates", "examples")


@dataclass(frozen=True, slots=True)
class Language:
    """The texts and option titles of one language."""

    texts: Mapping[str, str]
    titles: Mapping[str, str]
    examples: Mapping[str, str] = field(default_factory=dict)
    """What might fill a place, by its name: WhatsApp's reviewers are shown it with every template."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Every sentence the bot can say."""

    languages: Mapping[str, Language]
    templates: Mapping[str, str] = field(default_factory=dict)
    """The texts that may be sent at any time, each with WhatsApp's category; the same in all languages."""

    @classmethod
    def load(cls, folder: Path) -> Texts:
        """Read every language. Raises FlowError when one is broken or lacks what another has."""
        names = sorted({path.stem for path in folder.glob("*.yaml")} | {FALLBACK})
        problems = {name: Problems(f"{folder.name}/{name}.yaml") for name in names}
        files = {name: _sections(folder / f"{name}.yaml", problems[name]) for name in names}
        languages = {
            name: Language(found["texts"], found["options"], found["examples"])
            for name, found in files.items()
        }
        templates = files[FALLBACK]["templates"]
        _compare(languages, problems)
        for name, found in files.items():
            check_titles(found["options"], problems[name].add)
            check_lengths(found["texts"], problems[name].add)
            check_places(found["texts"], problems[name].add)
            check_templates(found["texts"], found["examples"], templates, problems[name].add)
            check_named(found["templates"], templates, found["texts"], problems[name].add)
        if issues := [issue for noted in problems.values() for issue in noted.issues]:
            raise FlowError(issues)
        return cls(languages, templates)

    def places(self) -> dict[str, frozenset[str]]:
        """The keys that flows.yaml may use, each with the names to be filled in."""
        texts = self.languages[FALLBACK].texts
        return {key: frozenset(PLACE.findall(text)) for key, text in texts.items()}

    def titles(self) -> frozenset[str]:
        """The events that have a title, so that they can be offered."""
        return frozenset(self.languages[FALLBACK].titles)

    def version(self, language: str, key: str) -> str:
        """A name for a text as it reads in a language: 16 hexadecimal digits of its SHA-256."""
        text = (self.languages.get(language) or self.languages[FALLBACK]).texts[key]
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def speak(
        self, language: str, snapshot: Snapshot, says: Sequence[Say]
    ) -> tuple[tuple[Message, ...], Snapshot]:
        """The messages to send, and the snapshot with the options that may now be chosen.

        What is said in one turn is one message, as the order of several is not certain to be kept on
        their way. Only a second set of options begins another, and what one message has no room for.
        """
        spoken = language if language in self.languages else FALLBACK
        words = self.languages[spoken]
        parts: list[tuple[list[Say], tuple[Option, ...]]] = []
        pending: list[Say] = []
        for say in says:
            options = _options(words, snapshot, say)
            if say.text in ALONE:
                parts += [(pending, ())] if pending else []
                parts.append(([say], ()))
                pending = []
                continue
            pending.append(say)
            if options:
                parts.append((pending, options))
                pending = []
            if say.options is not None and say.regarding is None:
                snapshot = snapshot.evolve(offer=options)
        if pending and parts and parts[-1][0][0].text not in ALONE:
            parts[-1][0].extend(pending)
        elif pending:
            parts.append((pending, ()))
        return tuple(one for part in parts for one in self._messages(spoken, words, *part)), snapshot

    def _messages(
        self, language: str, words: Language, says: Sequence[Say], options: tuple[Option, ...]
    ) -> list[Message]:
        """One message, or several where one has no room; the options are those of the last.

        A text that may be a template, said by itself, stays one: what fills it is shortened.
        """
        (say, *more) = says
        if not more and say.text in self.templates:
            return [_template(language, words, say, options)]
        text = "\n\n".join(_filled(words, _worded(words, say)[0], say.values) for say in says)
        *before, last = parted(text, options)
        return [*(Message(part) for part in before), Message(last, options)]


def _template(language: str, words: Language, say: Say, options: tuple[Option, ...]) -> Message:
    """A message, with what it needs to go out as a template."""
    text = words.texts[say.text]
    values = {name: _in_words(words, say.values.get(name)) for name in PLACE.findall(text)}
    values = shortened(text, values, options)
    filled = PLACE.sub(lambda place: values[place[1]], text)
    return Message(filled, options, Filled(say.text, language, values))


def _filled(words: Language, text: str, values: Values) -> str:
    return PLACE.sub(lambda place: _in_words(words, values.get(place[1])), text)


def _in_words(words: Language, value: Value) -> str:
    """A value as it is; a list line by line; a text of its own (`line`) filled with its own values."""
    match value:
        case {"text": str(key), "values": dict(values)}:
            return _filled(words, words.texts[key], values)
        case list():
            return "\n".join(_in_words(words, item) for item in value)
    return "" if value is None else str(value)


def other_words(text: str, titles: Mapping[str, str]) -> dict[str, Value]:
    """What `OTHER_WORDS` remembers of one text: how it is said, and what its options are called."""
    return {"text": text, "titles": dict(titles)}


def _worded(words: Language, say: Say) -> tuple[str, Mapping[str, Value]]:
    """The text to fill in and the titles of its options: those remembered, or else the language's own."""
    others = say.values.get(OTHER_WORDS)
    match others.get(say.text) if isinstance(others, dict) else None:
        case {"text": str(text), "titles": dict(titles)}:
            return text, {**words.titles, **titles}
    return words.texts[say.text], words.titles


def line(key: str, **values: Value) -> dict[str, Value]:
    """A text within a text: what a step tells when words are needed that depend on the language."""
    return {"text": key, "values": values}


def _options(words: Language, snapshot: Snapshot, say: Say) -> tuple[Option, ...]:
    """The options of a message. The same ones as before keep their ids, so older buttons stay good."""
    if say.options is None:
        return ()
    if isinstance(say.options, str):
        choices = snapshot.memory.get(say.options)
        asked = [_picked(words, choice) for choice in choices] if isinstance(choices, list) else []
    elif say.regarding is not None:
        return tuple(Option(f"{event}:{say.regarding}", words.titles[event], event) for event in say.options)
    else:
        titles = _worded(words, say)[1]
        asked = [(str(titles[event]), event, {}) for event in say.options]
    offered = tuple(
        Option(f"{snapshot.turn}.{number}", title, event, data)
        for number, (title, event, data) in enumerate(asked, 1)
    )
    same = [(old.title, old.event, dict(old.data)) for old in snapshot.offer] == asked
    return snapshot.offer if same else offered


def _picked(words: Language, choice: Value) -> tuple[str, str, dict[str, Value]]:
    """A remembered choice as an option: its title in words, and what picking it means."""
    match choice:
        case {"title": title, "data": dict(data)}:
            return _in_words(words, title), "pick_option", data
    return "", "pick_option", {}


def _sections(path: Path, problems: Problems) -> dict[str, dict[str, str]]:
    """The file's sections, each with its names, which know where they stand."""
    node = read_yaml(path, problems)
    found: dict[str, dict[str, str]] = {name: {} for name in SECTIONS}
    for key, section in node if isinstance(node, Keys) else ():
        if key.text not in found or not isinstance(section, Keys):
            known = f"known: {', '.join(sorted(SECTIONS))}"
            problems.add(key.place, "unknown-key", f"`{key.text}` means nothing here", known)
            continue
        for name, text in section:
            if isinstance(text, Text) and text.text:
                found[key.text][name.name] = text.name if key.text == "templates" else text.text
            else:
                problems.add(name.place, "no-text", f"`{name.text}` must be one text")
    return found


def _compare(languages: Mapping[str, Language], problems: Mapping[str, Problems]) -> None:
    """Every language says the same things about the same names."""
    model = languages[FALLBACK]
    for name, language in languages.items():
        for what, here, there in (
            ("text", language.texts, model.texts),
            ("option", language.titles, model.titles),
        ):
            for key in sorted(set(here) ^ set(there)):
                message = (
                    f"the {what} `{key}` is not in both {FALLBACK} and {name}, so somebody would get no words"
                )
                problems[name].add(Place(1, 1), "missing-translation", message)
        for key in sorted(set(language.texts) & set(model.texts)):
            if set(PLACE.findall(language.texts[key])) != set(PLACE.findall(model.texts[key])):
                message = f"the text `{key}` has other places to fill than in {FALLBACK}"
                problems[name].add(Place(1, 1), "other-places", message)
