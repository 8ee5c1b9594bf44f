"""Which option was named instead of tapped, and what words mean that answer a message of ours. Pure.

An option is named by its number, its title or its place in the list. A standing option (`approve:12`) is not
in any list: words written in reply to the message that offered it are about its subject.
"""

from __future__ import annotations

import re

from engine.effects import Message, Option
from engine.events import Event, Heard
from engine.model import Flow, State
from engine.vocabulary import Vocabulary, normalise

NUMBER = re.compile(r"#?(\d{1,9})[.)]?")
OWN_NUMBER = re.compile(r"#(\d{1,9})\b")
"""With which the title of an option begins that is called by its own number, wherever it stands."""


def option_of(answered: Message, heard: Heard) -> Option | None:
    """Which option of the message that was answered is meant: tapped, or named by number or title."""
    if heard.kind == "tap":
        return next((option for option in answered.options if option.id == heard.tap), None)
    return option_named(answered.options, normalise(heard.text)) if heard.kind == "text" else None


def option_named(offer: tuple[Option, ...], said: str) -> Option | None:
    """The offered option whose number or title was typed; its own number counts, not its position."""
    listed = [option for option in offer if ":" not in option.id]
    if number := NUMBER.fullmatch(said):
        own = [OWN_NUMBER.match(option.title) for option in listed]
        numbers = [int(one[1]) if one else None for one in own] if any(own) else range(1, len(listed) + 1)
        return dict(zip(numbers, listed, strict=True)).get(int(number[1]))
    titled = [option for option in offer if normalise(option.title) == said]
    return titled[0] if len(titled) == 1 else None


def option_placed(vocabulary: Vocabulary, offer: tuple[Option, ...], said: str) -> Option | None:
    """The option of a list that was named by its place, such as "the first one".

    A yes or a no is nothing of a list: nobody books by saying "the first" to it.
    """
    listed = [option for option in offer if ":" not in option.id and option.data]
    place = vocabulary.position(said)
    if not place or abs(place) > len(listed):
        return None
    return listed[place - 1] if place > 0 else listed[place]


def in_context(flow: Flow, event: Event, answered: Message | None) -> Event:
    """The event with what the answered message of ours is about, so that a step knows whom words are for."""
    options = answered.options if answered else ()
    subjects = {
        flow.standing_options[option.event]: option.id.partition(":")[2]
        for option in options
        if ":" in option.id and option.event in flow.standing_options
    }
    return Event(event.name, {**subjects, **event.data})


def in_reply(
    flow: Flow, vocabulary: Vocabulary, state: State, heard: Heard, answered: Message
) -> Event | None:
    """What words mean that were written to a message of ours with standing options, or None.

    They are exact words or a command for one of these options; or else, where the flow hears that, they are
    given to what the message is about.
    """
    events = {option.event for option in answered.options if ":" in option.id} & set(flow.standing_options)
    for event in sorted(events):
        about = flow.standing_options[event]
        subject = next(option.id for option in answered.options if option.event == event).partition(":")[2]
        if vocabulary.command(heard.text, {event}) or vocabulary.exact(heard.text) == event:
            return Event(event, {about: subject})
        kind = vocabulary.entities.get(about)
        if kind and kind.given_as in flow.hears(state):
            return Event(kind.given_as, {about: subject})
    return None
