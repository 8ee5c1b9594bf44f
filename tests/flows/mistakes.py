"""Makes single mistakes in a flow file, of the kinds that people make, wherever they can be made.

A change after which the file means the same, or something else that makes sense as well, is no mistake.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong version of the file."""

    kind: str
    text: str
    lines: frozenset[int]
    """Where its author has to look: the changed line, or the one that something is missing from."""
    what: str


@dataclass(frozen=True, slots=True)
class Word:
    """One scalar of the file and the way to it. Of a mapping's key the way ends with the key itself."""

    node: yaml.ScalarNode
    path: tuple[str, ...]
    is_key: bool
    value: yaml.Node | None = None
    owner: yaml.CollectionNode | None = None
    """The mapping it is a key of."""

    @property
    def text(self) -> str:
        """The name."""
        return str(self.node.value)

    @property
    def line(self) -> int:
        """Counted from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def role(self) -> str:
        """What kind of name it is, from where it stands."""
        return _role_of_key(self.path) if self.is_key else _role_of_value(self.path)


def _role_of_key(path: tuple[str, ...]) -> str:
    match path:
        case (_,):
            return "flow"
        case (_, "remembers", _):
            return "remembered"
        case (_, "states", _):
            return "state"
        case (_, "anywhere", _) | (_, "states", _, "when", _):
            return "event"
        case (*_, "then", _) if "wait" not in path:
            return "outcome"
    return "key"


VALUES = {
    "about": "prose",
    "for": "duration",
    "after": "number",
    "if": "guard",
    "do": "step",
    "say": "text",
    "ask": "text",
    "expects": "entity",
    "options": "option",
    "regarding": "regarding",
    "signal": "signal",
}


def _role_of_value(path: tuple[str, ...]) -> str:
    return "type" if path[1] == "remembers" else VALUES.get(path[-1], "target")


def words(text: str) -> list[Word]:
    """Every scalar of the file."""
    return list(_walk(yaml.compose(text, Loader=yaml.CSafeLoader), ()))


def _walk(node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[Word]:
    match node:
        case yaml.ScalarNode():
            if node.value:
                yield Word(node, path, is_key=False)
        case yaml.SequenceNode():
            for item in node.value:
                yield from _walk(item, path)
        case yaml.MappingNode():
            for key, value in node.value:
                yield Word(key, (*path, key.value), is_key=True, value=value, owner=node)
                yield from _walk(value, (*path, key.value))


def meaning(text: str) -> object:
    """What the file says, without where it says it; None when it is no YAML."""
    try:
        return _plain(yaml.compose(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return None


def _plain(node: yaml.Node | None) -> object:
    match node:
        case yaml.SequenceNode():
            return [_plain(item) for item in node.value]
        case yaml.MappingNode():
            return [(_plain(key), _plain(value)) for key, value in node.value]
    return node.value if node else None


def quoted_otherwise(text: str) -> Iterator[str]:
    """The file with `yes` unquoted, with quotes around other words, and with more blanks."""
    yield text.replace('"yes"', "yes").replace('"no"', "no")
    for word in words(text)[::40]:
        if word.node.style is None and word.text.isidentifier():
            yield _replaced(text, word, f"'{word.text}'")
    yield text.replace(": {", ":   {").replace(", ", ",  ") + "\n\n# The end.\n"


def all_mistakes(text: str, rng: random.Random) -> Iterator[Mistake]:
    """Every kind of mistake at every place, with random slips."""
    makers: tuple[Callable[[str, random.Random], Iterator[Mistake]], ...] = (
        misspelt,
        left_out,
        twice,
        torn,
        indented,
        disordered,
        emptied,
        tricked,
    )
    for maker in makers:
        yield from maker(text, rng)


def misspelt(text: str, rng: random.Random) -> Iterator[Mistake]:
    """Every name, misspelt once. A slip that makes another name of the file is no slip that shows."""
    found = words(text)
    names = {word.text for word in found}
    signalled = {word.text for word in found if word.role == "signal"}
    for word in found:
        wrong = _slip(word.text, rng)
        unchecked = word.role in {"prose", "number"} or (word.role == "flow" and not signalled)
        if unchecked or wrong in names or word.path == ("stranger",):
            continue  # prose is for people, and nothing refers to the flow of strangers
        if word.role == "duration" and wrong[:-1].isdecimal() and wrong[-1] in "dhm":
            continue  # another length of time
        lines = {word.line}
        if word.is_key and word.role in {"state", "remembered", "flow"}:  # made up here, used elsewhere
            lines |= {other.line for other in found if not other.is_key and _refers(other, word)}
        yield Mistake(
            f"misspelt {word.role}", _replaced(text, word, wrong), frozenset(lines), f"{word.text} > {wrong}"
        )


def _refers(other: Word, word: Word) -> bool:
    if word.role == "flow":
        return other.role == "signal" and other.path[0] != word.text
    return other.path[0] == word.path[0] and other.text == word.text


def left_out(text: str, rng: random.Random) -> Iterator[Mistake]:
    """Everything that something needs, left out with what belongs to it."""
    found = words(text)
    for word in found:
        needed = {"then", "for", "about", "states", "start", "remembers"} | (
            {"ask"} if _offers(word) else set()
        )
        if word.path[3:4] == ("misheard",):
            needed |= {"say", "after", "go"}
        if not word.is_key or not (word.role == "outcome" or (word.role == "key" and word.text in needed)):
            continue
        if word.text == "remembers" and isinstance(word.value, yaml.MappingNode) and not word.value.value:
            continue  # to remember nothing and to say that nothing is remembered is the same
        lines = {word.line, _step_line(found, word)} | _lines_of_owner(found, word)
        if word.text == "remembers":
            lines |= {other.line for other in found if other.path[0] == word.path[0] and other.role == "step"}
        yield Mistake(
            f"left out {word.role if word.role != 'key' else word.text}",
            _without(text, word),
            frozenset(lines),
            ".".join(word.path),
        )
    del rng


def _offers(word: Word) -> bool:
    return isinstance(word.owner, yaml.MappingNode) and any(
        key.value == "options" for key, _ in word.owner.value
    )


def _step_line(found: list[Word], word: Word) -> int:
    """The line of the step whose outcome it is."""
    step = (*word.path[: -2 if word.role == "outcome" else -1], "do")
    return next(
        (
            other.line
            for other in found
            if other.path == step and not other.is_key and abs(other.line - word.line) < 12
        ),
        word.line,
    )


def _lines_of_owner(found: list[Word], word: Word) -> set[int]:
    return {
        other.line
        for other in found
        if other.is_key and other.path == word.path[:-1] and other.line <= word.line
    }


def twice(text: str, rng: random.Random) -> Iterator[Mistake]:
    """A line with a key of its own, copied below itself."""
    lines = text.splitlines(keepends=True)
    for word in words(text):
        alone = isinstance(word.owner, yaml.MappingNode) and not word.owner.flow_style
        if word.is_key and alone and word.value is not None and word.value.end_mark.line == word.line - 1:
            copied = [*lines[: word.line], lines[word.line - 1], *lines[word.line :]]
            yield Mistake("duplicate key", "".join(copied), frozenset({word.line, word.line + 1}), word.text)
    del rng


def torn(text: str, rng: random.Random) -> Iterator[Mistake]:
    """A bracket, a quote or a colon that was lost."""
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split(" #")[0]
        if code.lstrip().startswith(("#", "about")):
            continue
        for sign in '{}[]":':
            spots = [at for at, char in enumerate(code) if char == sign]
            if spots:
                at = rng.choice(spots) if sign != ":" else spots[0]
                torn_line = line[:at] + line[at + 1 :]
                yield Mistake(
                    f"lost {sign}",
                    _with_line(text, number, torn_line),
                    frozenset({number}),
                    line.strip()[:40],
                )


def indented(text: str, rng: random.Random) -> Iterator[Mistake]:
    """A line that stands too far left or right, or was moved with a tab."""
    for number, line in enumerate(text.splitlines(), 1):
        depth = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if depth:
            shorter = rng.choice([1, 2])
            yield Mistake(
                "too far left",
                _with_line(text, number, line[shorter:]),
                frozenset({number}),
                line.strip()[:40],
            )
            yield Mistake(
                "tab", _with_line(text, number, "\t" + line.lstrip()), frozenset({number}), line.strip()[:40]
            )
        longer = " " * rng.choice([1, 2])
        yield Mistake(
            "too far right", _with_line(text, number, longer + line), frozenset({number}), line.strip()[:40]
        )


def disordered(text: str, rng: random.Random) -> Iterator[Mistake]:
    """Rules in an order in which one of them never applies, or nothing applies in the end."""
    lines = text.splitlines()
    events = [word for word in words(text) if word.role == "event"]
    for number, line in enumerate(lines, 1):
        following = lines[number].lstrip() if number < len(lines) else ""
        is_default = following.startswith("- {") and not following.startswith("- {if: ")
        if line.lstrip().startswith("- {if: ") and is_default:
            swapped = [*lines[: number - 1], lines[number], line, *lines[number + 1 :]]
            yield Mistake(
                "default first", "\n".join(swapped), frozenset({number, number + 1}), line.strip()[:40]
            )
            guard = line.split("if: ")[1].split(",")[0]
            both = lines[number].replace("- {", f"- {{if: {guard}, ")
            yield Mistake(
                "same guard twice", _with_line(text, number + 1, both), frozenset({number, number + 1}), guard
            )
            if "{if: " not in lines[number] and not _is_heard_anywhere(events, number):
                gone = [*lines[:number], *lines[number + 1 :]]
                yield Mistake("no default", "\n".join(gone), frozenset({number}), guard)
    del rng


def _is_heard_anywhere(events: list[Word], line: int) -> bool:
    """Whether what is left of a state's rules without their default is followed by the rules for anywhere."""
    here = next(word for word in reversed(events) if word.line <= line)
    anywhere = (here.path[0], "anywhere", here.text)
    return here.path != anywhere and any(other.path == anywhere for other in events)


def emptied(text: str, rng: random.Random) -> Iterator[Mistake]:
    """A value that was never written; a state that nothing leads to any more."""
    found = words(text)
    for word in found:
        if word.role not in {"prose", "number"} and not word.is_key and not _listed(found, word):
            yield Mistake(f"empty {word.role}", _replaced(text, word, ""), frozenset({word.line}), word.text)
    for word in found:
        if word.is_key and word.role == "state" and word.text != "idle":
            yield Mistake("unreachable", _cut_off(text, word), frozenset({word.line}), word.text)
    del rng


def _cut_off(text: str, state: Word) -> str:
    """Everything that led to the state leads to the start instead."""
    for other in sorted(words(text), key=lambda word: -word.node.start_mark.index):
        if other.role == "target" and other.text == state.text and other.path[0] == state.path[0]:
            text = _replaced(text, other, "idle")
    return text


def _listed(found: list[Word], word: Word) -> bool:
    return (
        sum(1 for other in found if other.path == word.path and not other.is_key and other.line == word.line)
        > 1
    )


def tricked(text: str, rng: random.Random) -> Iterator[Mistake]:
    """YAML's own tricks, which make a file say something else than it shows."""
    for word in rng.sample([word for word in words(text) if not word.is_key and word.role != "prose"], 20):
        for trick in ("&x ", "*", "!!str ", "!new "):
            yield Mistake(
                f"trick {trick.strip()}",
                _replaced(text, word, trick + word.text),
                frozenset({word.line}),
                word.text,
            )


def _slip(name: str, rng: random.Random) -> str:
    """A letter left out, doubled, swapped with its neighbour, or another."""
    at = rng.randrange(len(name))
    before, letter, after = name[:at], name[at], name[at + 1 :]
    slips = (
        before + after,
        before + letter + letter + after,
        before + after[:1] + letter + after[1:],
        before + "x" + after,
    )
    good = [slip for slip in slips if slip not in {"", name} and slip[0] not in "._" and slip[-1] not in "._"]
    return rng.choice(good or [name + "x"])


def _replaced(text: str, word: Word, new: str) -> str:
    start, end = word.node.start_mark.index, word.node.end_mark.index
    quote = text[start] if text[start] in "\"'" and new else ""
    return text[:start] + quote + new + quote + text[end:]


def _with_line(text: str, number: int, line: str) -> str:
    lines = text.splitlines()
    lines[number - 1] = line
    return "\n".join(lines) + "\n"


def _without(text: str, word: Word) -> str:
    """The text without a key and all that belongs to it."""
    assert word.value is not None
    assert word.owner is not None
    start, end = word.node.start_mark.index, word.value.end_mark.index
    if word.owner.flow_style:
        rest = text[end:]
        if rest.startswith(", "):
            return text[:start] + rest[2:]
        return text[:start].removesuffix(", ") + rest
    begin = text.rfind("\n", 0, start) + 1
    block = isinstance(word.value, yaml.CollectionNode) and not word.value.flow_style
    # A block ends where the next thing begins, everything else in its own line.
    end = text.rfind("\n", 0, end) + 1 if block else text.find("\n", end) + 1
    return text[:begin] + text[end:]
