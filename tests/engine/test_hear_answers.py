"""An answer hidden in a longer message: what the rest of it may and may not outweigh."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.events import NOTHING, Event, Heard, Reading, Values
from engine.hear import hear
from engine.model import Flow
from engine.snapshot import Snapshot
from tests.engine.tea_house import GUEST, GUEST_FLOW, NOW, VOCABULARY


def heard(
    text: str,
    *,
    read_as: str,
    confidence: float = 0.9,
    flow: Flow = GUEST_FLOW,
    state: str = "choosing",
    entities: Values = NOTHING,
    latent: Values = NOTHING,
) -> Event:
    """What a message means that the classifier read like this."""
    message = Heard(key="1", flow="guest", address=GUEST, kind="text", at=NOW, text=text)
    scores = ((read_as, confidence),)
    reading = Reading(scores=scores, read_by="test", entities=entities, latent=latent)
    return hear(flow, VOCABULARY, Snapshot(state=state), message, reading)


@pytest.mark.parametrize("beside", ["help", "thanks", "out.of.scope"])
def test_a_yes_at_the_beginning_counts_beside_mere_talk(beside: str) -> None:
    event = heard("Yes, and what else is there?", read_as=beside)
    assert (event.name, event.data["intent"]) == ("yes", beside)


def test_a_yes_at_the_beginning_counts_more_than_a_doubtful_reading() -> None:
    assert heard("Yes, and where is it?", read_as="leave", confidence=0.4).name == "yes"


def test_a_yes_at_the_beginning_does_not_keep_somebody_who_leaves() -> None:
    assert heard("Yes, and now I am going", read_as="leave").name == "leave"


def test_a_yes_with_a_reservation_commits_to_nothing() -> None:
    assert heard("Yes, but not that one", read_as="yes") == Event("misheard")
    assert heard("Yes, that one", read_as="yes").name == "yes"
    mint = heard("Yes, but in the mint cup", read_as="yes", entities={"tea": "Mint"})
    assert (mint.name, mint.data["intent"]) == ("give.tea", None)


def test_a_yes_counts_only_where_it_is_asked_for() -> None:
    assert heard("Yes, and what else is there?", state="drinking", read_as="help").name == "help"


@pytest.mark.parametrize("beside", ["help", "out.of.scope"])
def test_a_clear_answer_counts_beside_mere_talk(beside: str) -> None:
    event = heard("mint, and what is a samovar?", read_as=beside, entities={"tea": "Mint"})
    assert (event.name, event.data["tea"]) == ("give.tea", "Mint")


def test_a_guessed_answer_does_not_count_beside_other_talk() -> None:
    assert heard("I met Earl yesterday", read_as="out.of.scope", latent={"tea": "Earl Grey"}) == Event(
        "misheard"
    )


def test_of_an_unclear_message_the_clear_part_counts_even_unasked() -> None:
    unasked = replace(GUEST_FLOW.states["choosing"], expects=())
    flow = replace(GUEST_FLOW, states={**GUEST_FLOW.states, "choosing": unasked})
    mint = {"tea": "Mint"}
    assert heard("hm, mint", flow=flow, read_as="leave", confidence=0.1, entities=mint).name == "give.tea"
    assert heard("hm, mint", flow=flow, read_as="leave", entities=mint).name == "leave"
    assert heard("hm, mint", flow=flow, read_as="leave", confidence=0.1, latent=mint).name == "misheard"


def test_what_is_only_mentioned_in_mere_talk_is_not_given() -> None:
    unasked = replace(GUEST_FLOW.states["choosing"], expects=())
    flow = replace(GUEST_FLOW, states={**GUEST_FLOW.states, "choosing": unasked})
    mint = {"tea": "Mint"}
    event = heard("lovely, that mint", flow=flow, read_as="help", confidence=0.1, entities=mint)
    assert event == Event("misheard")


def test_nothing_found_is_misheard() -> None:
    assert heard("hm", read_as="leave", confidence=0.1) == Event("misheard")
