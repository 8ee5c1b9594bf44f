"""Whom somebody in danger can call where they are: a reviewed table, by the country of their number."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import phonenumbers

from engine.errors import FlowError
from flows.lengths import units
from flows.strict_yaml import Items, Keys, Node, Problems, Text, read_yaml

SHIPPED = Path(__file__).with_name("lines.yaml")
ELSEWHERE = "elsewhere"
SAME_AS = "same_as"
"""The section of territories that dial the numbers of the country they belong to."""
LONGEST_NUMBERS = 200
"""UTF-16 units of one entry, so that the reply that names two of them is one message."""
_USER_ID = re.compile(r"(?:\w+:)?([A-Z]{2})\.")
_NUMBER = re.compile(r"\+\d{7,15}")


@dataclass(frozen=True, slots=True)
class Helpline:
    """What to call in one country."""

    emergency: str
    helpline: str


@dataclass(frozen=True, slots=True)
class Helplines:
    """The table."""

    by_country: Mapping[str, Helpline]
    """Countries, and territories that dial the numbers of theirs."""
    elsewhere: Mapping[str, Helpline]
    """By language."""

    @classmethod
    def load(cls, path: Path = SHIPPED, languages: Collection[str] = ()) -> Helplines:
        """Read the table. Raises FlowError with every mistake in it; `languages` need words for elsewhere."""
        problems = Problems(path.name)
        node = read_yaml(path, problems)
        tables = _keys(node)
        elsewhere = _table(_keys(tables.pop(ELSEWHERE, None)), problems)
        same_as = _keys(tables.pop(SAME_AS, None))
        by_country = _table(tables, problems)
        by_country |= _territories(same_as, by_country, problems)
        if node and (untold := ", ".join(sorted(set(languages) - set(elsewhere)))):
            message = f"`{ELSEWHERE}` has no `{untold}`: some people would get no number"
            problems.add(node.place, "no-elsewhere", message)
        if problems.issues:
            raise FlowError(problems.issues)
        return cls(by_country, elsewhere)

    def at(self, address: str, language: str) -> Helpline:
        """Those of the country that an address such as `whatsapp:+4915112345678` belongs to."""
        return self.by_country.get(_country(address) or "") or self.elsewhere[language]


def _keys(node: Node | None) -> dict[str, Node]:
    return {key.text: value for key, value in node} if isinstance(node, Keys) else {}


def _table(entries: Mapping[str, Node], problems: Problems) -> dict[str, Helpline]:
    return {name: _helpline(name, node, problems) for name, node in entries.items()}


def _territories(
    same_as: Mapping[str, Node], by_country: Mapping[str, Helpline], problems: Problems
) -> dict[str, Helpline]:
    """The territories with the entry of their country; what cannot be told is noted."""
    found: dict[str, Helpline] = {}
    for country, node in same_as.items():
        if country not in by_country:
            problems.add(node.place, "no-numbers", f"`{country}` has no entry that others could have, too")
            continue
        for territory in node.items if isinstance(node, Items) else (node,):
            if not isinstance(territory, Text):
                problems.add(territory.place, "no-text", "here a territory is expected, such as RE")
            elif territory.text in by_country or territory.text in found:
                problems.add(territory.place, "twice", f"`{territory.text}` has an entry already")
            else:
                found[territory.text] = by_country[country]
    return found


def _helpline(name: str, node: Node, problems: Problems) -> Helpline:
    """One entry; what does not fit is noted."""
    words = {key: text.text for key, text in _keys(node).items() if isinstance(text, Text)}
    if set(words) != {"emergency", "helpline"}:
        problems.add(node.place, "no-numbers", f"`{name}` needs `emergency` and `helpline`")
        return Helpline("", "")
    if max(map(units, words.values())) > LONGEST_NUMBERS:
        message = f"what to call in `{name}` has more than {LONGEST_NUMBERS} characters"
        problems.add(node.place, "long-text", message, "say it in fewer")
    return Helpline(**words)


def _country(address: str) -> str | None:
    """ISO 3166; a WhatsApp user id (`US.1234`) begins with it."""
    if user := _USER_ID.match(address):
        return user[1]
    if not (number := _NUMBER.search(address)):
        return None
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number[0]))
    except phonenumbers.NumberParseException:
        return None
