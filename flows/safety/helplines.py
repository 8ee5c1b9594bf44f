"""Whom somebody in danger can call where they are: a reviewed table, by the country of their number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import phonenumbers

from engine.errors import FlowError
from flows.lengths import units
from flows.strict_yaml import Keys, Problems, Text, read_yaml

SHIPPED = Path(__file__).with_name("lines.yaml")
ELSEWHERE = "elsewhere"
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

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Helplines:
        """Read the table. Raises FlowError with every mistake in it."""
        problems = Problems(path.name)
        node = read_yaml(path, problems)
        found = {}
        for country, value in node if isinstance(node, Keys) else ():
            words = (
                {name.text: text.text for name, text in value if isinstance(text, Text)}
                if isinstance(value, Keys)
                else {}
            )
            if set(words) != {"emergency", "helpline"}:
                problems.add(
                    country.place, "no-numbers", f"`{country.text}` needs `emergency` and `helpline`"
                )
                continue
            if max(map(units, words.values())) > LONGEST_NUMBERS:
                message = f"what to call in `{country.text}` has more than {LONGEST_NUMBERS} characters"
                problems.add(country.place, "long-text", message, "say it in fewer")
            found[country.text] = Helpline(**words)
        if node and ELSEWHERE not in found:
            problems.add(node.place, "no-elsewhere", f"without `{ELSEWHERE}` some people would get no number")
        if problems.issues:
            raise FlowError(problems.issues)
        return cls(found)

    def at(self, address: str) -> Helpline:
        """Those of the country that an address such as `whatsapp:+4915112345678` belongs to."""
        return self.by_country.get(_country(address) or ELSEWHERE, self.by_country[ELSEWHERE])


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
