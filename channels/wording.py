"""How a message with options reads where there is nothing to tap. Pure text, no network.

It must never cut an option in two, nor drop one: what cannot be read cannot be chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.effects import Option

LONGEST = 1_600
"""What Twilio takes, counted in UTF-16 units: there an emoji is two."""
CUT = "…"
ANSWER = "↩ {choices}"
"""Language-free: what stands there is typed as it is."""
OR = " / "


def words_of(text: str, options: Sequence[Option] = ()) -> str:
    """Write the text, its numbered options, and the words that answer standing ones, in one message."""
    choices = _choices(options, longest_title=LONGEST)
    if _units(choices) > LONGEST // 2:
        choices = _choices(options, longest_title=_fair_share(options))
    room = LONGEST - (_units(choices) + 2 if choices else 0)
    return "\n\n".join(part for part in (_cut_to_lines(text, room), choices) if part)


def _choices(options: Sequence[Option], *, longest_title: int) -> str:
    offered = [option for option in options if not _is_standing(option)]
    standing = [option for option in options if _is_standing(option)]
    lines = [f"{number}. {_cut(option.title, longest_title)}" for number, option in enumerate(offered, 1)]
    if standing:
        lines.append(ANSWER.format(choices=OR.join(f'"{_typed(option)}"' for option in standing)))
    return "\n".join(lines)


def _is_standing(option: Option) -> bool:
    """Whether it carries its subject (`approve:12`) and so may be typed at any time."""
    return ":" in option.id


def _typed(option: Option) -> str:
    return option.id.replace(":", " ", 1)


def _fair_share(options: Sequence[Option]) -> int:
    """How long each title may be so that all of them fill half a message."""
    return max(1, LONGEST // 2 // len(options) - len("10. \n"))


def _cut_to_lines(text: str, room: int) -> str:
    """As many whole lines as there is room for; at least the beginning of the first.

    The flows part what is too long into several messages: this is for what an earlier version stored.
    """
    if _units(text) <= room:
        return text
    kept: list[str] = []
    left = room - len(CUT) - 1
    for line in text.split("\n"):
        left -= _units(line) + 1
        if left < 0:
            break
        kept.append(line)
    if not "".join(kept).strip():
        return _cut(text, room)
    return "\n".join([*kept, CUT])


def _cut(text: str, room: int) -> str:
    """The beginning of a text, with a mark where it ends, never with half a character."""
    if _units(text) <= room:
        return text
    units = text.encode("utf-16-le")[: 2 * (room - len(CUT))]
    return units.decode("utf-16-le", "ignore") + CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
