"""What something heard means in the state that the conversation is in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.effects import Option
from engine.events import Event, Heard, Kind, Reading, Value
from engine.hear import hear, understood_without_reading
from engine.snapshot import Snapshot
from tests.engine.tea_house import FLOWS, VOCABULARY, means

OFFER = (
    Option("4.1", "Green", "pick_option", {"tea": "Green"}),
    Option("4.2", "Black", "pick_option", {"tea": "Black"}),
    Option("4.3", "green!", "pick_option", {"tea": "green, too"}),
)
CHOOSING = Snapshot(state="choosing", turn=5, offer=OFFER)
IDLE = Snapshot(state="idle")


def heard(
    text: str = "",
    snapshot: Snapshot = CHOOSING,
    reading: Reading | None = None,
    *,
    flow: str = "guest",
    kind: Kind = "text",
) -> Event:
    thing = Heard(key="k", flow=flow, address="a", kind=kind, at=0, text=text)
    return hear(FLOWS[flow], VOCABULARY, snapshot, thing, reading)


@pytest.mark.parametrize("text", ["2", " 2 ", "#2", "2.", "2)", "black", "Black.", "BLACK"])
def test_an_option_is_picked_by_its_number_or_title(text: str) -> None:
    assert heard(text) == Event("pick_option", {"tea": "Black"})


@pytest.mark.parametrize("text", ["0", "4", "99", "222", "2 2", "green", "blackish"])
def test_what_is_no_option_or_could_be_two_picks_none(text: str) -> None:
    assert heard(text) == Event("misheard")


@pytest.mark.parametrize("text", ["0", "4", "7", "47", "120"])
def test_a_number_that_is_no_option_is_no_answer_whatever_was_read_into_it(text: str) -> None:
    sure = means(("give.tea", 1.0), tea="Oolong")
    assert heard(text, reading=sure) == Event("misheard")
    assert heard(text, IDLE, means(("order", 1.0))) == Event("misheard")


def test_a_number_answers_a_question_without_options() -> None:
    asked = Snapshot(state="choosing", turn=5)
    assert heard("7", asked, means(("out.of.scope", 0.1), tea="Oolong")).name == "give.tea"


def test_what_was_read_for_this_question_says_more_than_what_was_read_for_none() -> None:
    reading = Reading(scores=(), entities={"tea": "Four"}, latent={"tea": "Four Seasons"}, read_by="test")
    assert heard("four seasons", reading=reading).data["tea"] == "Four Seasons"


@pytest.mark.parametrize(
    ("text", "tea"), [("the first one", "Green"), ("second", "Black"), ("last one please", "green, too")]
)
def test_an_option_of_a_list_is_named_by_its_place(text: str, tea: str) -> None:
    assert placed(text, OFFER) == Event("pick_option", {"tea": tea})


@pytest.mark.parametrize("text", ["fourth", "the first black one", "first second", "one"])
def test_what_says_no_place_of_the_list_picks_none(text: str) -> None:
    assert placed(text, OFFER) is None


def test_a_yes_is_no_first_of_a_list() -> None:
    assert placed("the first", (Option("4.1", "Yes", "yes"), Option("4.2", "No", "no"))) is None


def placed(text: str, offer: tuple[Option, ...]) -> Event | None:
    words = replace(
        VOCABULARY,
        positions={"first": 1, "second": 2, "fourth": 4, "last": -1},
        around_positions=frozenset({"the", "one", "please"}),
    )
    thing = Heard(key="k", flow="guest", address="a", kind="text", at=0, text=text)
    return understood_without_reading(
        FLOWS["guest"], words, Snapshot(state="choosing", turn=5, offer=offer), thing
    )


def test_numbers_mean_nothing_without_an_offer() -> None:
    assert heard("1", IDLE) == Event("misheard")


@pytest.mark.parametrize(
    ("state", "event"), [("choosing", "yes"), ("idle", "misheard"), ("drinking", "misheard")]
)
def test_an_exact_word_means_something_only_where_it_is_heard(state: str, event: str) -> None:
    assert heard("Yes!", Snapshot(state=state)).name == event


def test_a_command_means_something_only_in_the_flow_that_hears_it() -> None:
    assert heard("Serve #12", IDLE, flow="kitchen") == Event("serve", {"cup": "12"})
    assert heard("Serve #12", IDLE) == Event("misheard")


@pytest.mark.parametrize("text", ["", "   ", "?!", "\u200b\ufeff", "..."])
def test_nothing_but_signs_is_misheard_whatever_was_read_into_it(text: str) -> None:
    assert heard(text, reading=means(("order", 1.0))) == Event("misheard")


def test_what_the_state_expects_is_an_answer_there_and_nowhere_else() -> None:
    given = means(("out.of.scope", 0.1), tea="Mint")
    answer = heard("mint for me", reading=given)
    assert (answer.name, answer.data["tea"]) == ("give.tea", "Mint")
    assert heard("mint for me", Snapshot(state="drinking"), given).name == "misheard"


def test_a_latent_reading_counts_only_where_it_is_expected() -> None:
    latent = Reading(scores=(), latent={"tea": "Four Seasons"}, read_by="test")
    assert heard("four", reading=latent).data["tea"] == "Four Seasons"
    assert heard("four", IDLE, latent).name == "misheard"


@pytest.mark.parametrize(("confidence", "event"), [(0.9, "leave"), (0.3, "give.tea")])
def test_only_a_sure_intent_that_leads_elsewhere_outweighs_an_answer(confidence: float, event: str) -> None:
    reading = means(("leave", confidence), tea="Mint")
    assert heard("I leave the mint", reading=reading).name == event


@pytest.mark.parametrize(("confidence", "event"), [(0.9, "order"), (0.3, "order"), (0.1, "misheard")])
def test_an_intent_needs_some_confidence(confidence: float, event: str) -> None:
    assert heard("some tea", IDLE, means(("order", confidence))).name == event


@pytest.mark.parametrize(("confidence", "event"), [(0.6, "yes"), (0.4, "misheard")])
def test_an_intent_that_commits_needs_more(confidence: float, event: str) -> None:
    assert heard("why not", CHOOSING, means(("yes", confidence))).name == event


def test_an_intent_that_means_nothing_here_is_not_heard() -> None:
    assert heard("some tea", CHOOSING, means(("unheard.of", 0.9))).name == "misheard"


def test_media_with_a_caption_is_read() -> None:
    assert heard("2", kind="media") == Event("pick_option", {"tea": "Black"})
    assert heard(kind="location") == Event("location")


def test_a_paid_reading_is_needed_only_for_what_nothing_cheaper_understands() -> None:
    def without(text: str) -> Event | None:
        thing = Heard(key="k", flow="guest", address="a", kind="text", at=0, text=text)
        return understood_without_reading(FLOWS["guest"], VOCABULARY, CHOOSING, thing)

    assert [event and event.name for event in map(without, ["2", "black", "yes", "help", ""])] == [
        "pick_option",
        "pick_option",
        "yes",
        "help",
        "misheard",
    ]
    assert without("something warm") is None


def test_hearing_changes_nothing_that_was_read() -> None:
    entities: dict[str, Value] = {"tea": "Mint"}
    heard("mint", reading=Reading(scores=(("leave", 0.1),), entities=entities, read_by="test"))
    assert entities == {"tea": "Mint"}
