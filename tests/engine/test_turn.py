"""Whole turns in a tea house: what is taken, what is owed, and what a failure leaves behind."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import RunawayTurn
from engine.events import STALE_SIGNAL
from tests.engine.tea_house import FLOWS, GUEST, GUEST_FLOW, NOW, Kitchen, TeaHouse, means, said


async def test_ordering_tea_leads_through_passing_states_to_the_last_question() -> None:
    house = TeaHouse()
    asked = await house.says("tea please")
    assert said(asked) == "<which_tea>"
    assert [option.title for option in asked.messages[0].options] == ["Green", "Black", "Mint"]
    turn = await house.says("Black")
    assert said(turn) == "Enjoy your Black!"
    assert turn.trail == ("choosing:pick_option", "note.noted", "brew.brewed")
    assert house.stands().state == "drinking"
    assert house.storage.rows.ran == ["list_teas", "note", "brew"]


async def test_what_the_screen_hears_goes_before_everything_else() -> None:
    house = TeaHouse()
    await house.says("tea please")
    turn = await house.hears("Black, and I smell smoke", reading=means(("give.tea", 1.0), tea="black"))
    assert turn.event == "leave"
    assert house.stands().state == "idle"
    captioned = await house.hears("smoke!", kind="media")
    assert captioned.event == "leave"


async def test_a_key_is_taken_once() -> None:
    house = TeaHouse()
    first = await house.hears("tea please", key="SM1")
    again = await house.hears("tea please", key="SM1")
    assert first.taken
    assert not again.taken
    assert again.messages == ()
    assert house.storage.rows.ran == ["list_teas"]
    assert len(house.storage.rows.outbox) == 1
    assert house.stands().turn == 1


async def test_every_kind_of_input_picks_the_same_option() -> None:
    for pick in ("2", "#2", "2.", "black", "BLACK!"):
        house = TeaHouse()
        turn = await house.says("tea please", pick)
        assert said(turn) == "Enjoy your Black!", pick
    house = TeaHouse()
    offered = await house.says("tea please")
    assert said(await house.taps(offered.messages[0].options[1].id)) == "Enjoy your Black!"


async def test_a_tap_of_an_earlier_offer_changes_nothing() -> None:
    house = TeaHouse()
    first = await house.says("tea please")
    old = first.messages[0].options[1].id
    await house.says("Mint")
    before = house.stands()
    turn = await house.taps(old)
    assert turn.event == "stale_tap"
    assert said(turn).startswith("<long_gone>")
    assert house.stands().memory == before.memory
    assert house.stands().state == before.state


async def test_a_question_asked_again_keeps_the_ids_of_its_options() -> None:
    house = TeaHouse()
    first = await house.says("tea please")
    again = await house.says("help")
    assert again.messages[-1].options == first.messages[-1].options
    assert said(await house.taps(first.messages[0].options[0].id)) == "Enjoy your Green!"


async def test_what_was_offered_is_taken_back_when_the_conversation_moves_on() -> None:
    house = TeaHouse()
    await house.says("tea please", "Mint")
    assert house.stands().offer == ()
    assert (await house.says("2")).event == "misheard"


async def test_what_was_offered_stays_when_the_conversation_stays() -> None:
    house = TeaHouse()
    await house.says("tea please", "thanks")
    assert said(await house.says("2")) == "Enjoy your Black!"


async def test_misunderstandings_get_other_words_each_time_and_then_somebody_else() -> None:
    house = TeaHouse()
    await house.says("tea please")
    answers = [said(await house.says("zzz")) for _ in range(3)]
    assert answers == ["<pardon>\n\n<which_tea>", "<pick_one>\n\n<which_tea>", "<waiter_comes>"]
    assert house.stands().state == "with_waiter"
    assert house.stands().misses == 0


async def test_misunderstandings_count_only_in_a_row() -> None:
    house = TeaHouse()
    await house.says("tea please", "zzz", "zzz", "thanks")
    assert said(await house.says("zzz")) == "<pardon>\n\n<which_tea>"


async def test_a_rule_for_what_is_misheard_goes_before_the_one_for_anywhere() -> None:
    house = TeaHouse()
    house.place(state="with_waiter")
    assert said(await house.says("zzz")) == "<waiter_comes>"
    house.place(state="drinking", memory={"tea": "Mint"})
    assert said(await house.says("zzz")) == "<pardon>\n\nEnjoy your Mint!"


async def test_a_wait_leaves_the_state_it_belongs_to() -> None:
    house = TeaHouse()
    await house.says("tea please")
    assert house.stands().wakes_at == NOW + 600
    turn = await house.hears(kind="wait", data={"turn": 1})
    assert said(turn) == "<too_slow>"
    assert house.stands().state == "idle"
    assert house.stands().wakes_at is None


async def test_a_wait_of_an_earlier_turn_is_ignored() -> None:
    house = TeaHouse()
    await house.says("tea please", "help")
    turn = await house.hears(kind="wait", data={"turn": 1})
    assert turn.event == "stale_wait"
    assert turn.messages == ()
    assert house.stands().state == "choosing"
    assert house.stands().wakes_at == NOW + 600, "the running wait is not lost"


async def test_a_wait_that_means_nothing_any_more_does_not_ring_for_ever() -> None:
    house = TeaHouse()
    house.place(state="drinking", turn=4, wakes_at=NOW - 1)
    turn = await house.hears(kind="wait", data={"turn": 4})
    assert turn.messages == ()
    assert house.stands().wakes_at is None
    assert house.stands().state == "drinking"


async def test_every_turn_in_a_state_begins_its_waiting_time_anew() -> None:
    house = TeaHouse()
    await house.says("tea please")
    house.now += 500
    await house.says("thanks")
    assert house.stands().wakes_at == NOW + 500 + 600


async def test_arriving_at_the_start_forgets_the_errand_and_asks_nothing() -> None:
    house = TeaHouse()
    await house.says("tea please", "Mint")
    assert house.stands().memory["tea"] == "Mint"
    turn = await house.hears("I am off", reading=means(("leave", 0.9)))
    assert said(turn) == "<bye>"
    assert house.stands().memory == {}
    assert house.stands().offer == ()


async def test_an_outcome_may_lead_back_with_something_forgotten() -> None:
    house = TeaHouse(Kitchen(sold_out=frozenset({"Mint"})))
    turn = await house.says("tea please", "Mint")
    assert said(turn) == "<sold_out>\n\n<which_tea>"
    assert "tea" not in house.stands().memory


async def test_signals_reach_the_other_conversation_by_way_of_its_inbox() -> None:
    house = TeaHouse()
    ordered = await house.says("tea please", "Mint")
    (signal,) = ordered.signals
    assert (signal.flow, signal.address, signal.event) == ("kitchen", "kitchen:1", "order_arrived")
    told = await house.hears(kind="signal", flow="kitchen", event=signal.event, data=signal.data)
    assert said(told) == "Cup 7: Mint"
    (option,) = told.messages[0].options
    assert option.id == "serve:7", "a standing option carries its subject"
    served = await house.taps(option.id, flow="kitchen")
    assert said(served) == "Cup 7 served."
    (back,) = served.signals
    turn = await house.hears(kind="signal", event=back.event, data=back.data)
    assert said(turn) == "Your Mint is ready."
    assert house.stands().state == "drinking", "a signal heard anywhere moves nobody"


async def test_a_standing_option_is_good_for_long_and_needs_no_offer() -> None:
    house = TeaHouse()
    assert said(await house.taps("serve:7", flow="kitchen")) == "Cup 7 served."
    assert said(await house.hears("Serve #7", flow="kitchen")) == "Cup 7 served."


@pytest.mark.parametrize("forged", ["ready:7", "serve:", ":7", "serve", "leave:1", "", "order_arrived:7"])
async def test_only_standing_options_of_the_flow_can_be_tapped_without_an_offer(forged: str) -> None:
    house = TeaHouse()
    assert (await house.taps(forged, flow="kitchen")).event == "stale_tap"
    assert house.storage.rows.ran == []


async def test_a_signal_that_the_flow_no_longer_knows_bothers_nobody() -> None:
    house = TeaHouse()
    turn = await house.hears(kind="signal", event="tea_was_cold")
    assert turn.event == STALE_SIGNAL
    assert turn.messages == ()


async def test_media_with_words_is_read_and_without_words_is_an_event() -> None:
    house = TeaHouse()
    assert (await house.hears(kind="media", data={"type": "image/png"})).event == "media"
    assert (await house.hears("tea please", kind="media")).event == "order"


async def test_a_renamed_state_is_heard_under_its_new_name() -> None:
    house = TeaHouse()
    house.place(state="picking", turn=3, memory={"tea": "x"}, wakes_at=NOW)
    turn = await house.hears("Mint, as ever", reading=means(("out.of.scope", 0.1), tea="Mint"))
    assert said(turn) == "Enjoy your Mint!", "what the new state expects was understood"
    assert turn.trail[0] == "renamed > choosing:give.tea"


async def test_a_wait_goes_on_in_a_renamed_state() -> None:
    house = TeaHouse()
    house.place(state="picking", turn=3, wakes_at=NOW)
    assert said(await house.hears(kind="wait", data={"turn": 3})) == "<too_slow>"


async def test_a_lost_conversation_begins_anew_and_is_heard_all_the_same() -> None:
    for lost in ("gone", "brewing", "choosing~choosing:yes", ""):
        house = TeaHouse()
        house.place(state=lost, turn=3, memory={"tea": "x"}, wakes_at=NOW)
        turn = await house.says("tea please")
        assert said(turn) == "<lost>\n\n<which_tea>"
        assert house.stands().state == "choosing"
        assert "tea" not in house.stands().memory
        assert house.stands().turn == 4


async def test_nobody_is_told_of_a_lost_conversation_by_a_timer() -> None:
    house = TeaHouse()
    house.place(state="gone", turn=3, wakes_at=NOW)
    turn = await house.hears(kind="wait", data={"turn": 3})
    assert turn.messages == ()
    assert house.stands().state == "idle"
    assert house.stands().wakes_at is None


async def test_news_in_a_lost_conversation_comes_by_itself() -> None:
    house = TeaHouse()
    house.place(state="gone", turn=3)
    turn = await house.hears(kind="signal", event="ready", data={"tea": "Mint", "cup": 1})
    assert said(turn) == "Your Mint is ready."


async def test_a_turn_that_never_ends_fails_and_leaves_nothing_behind() -> None:
    house = TeaHouse(Kitchen(looping=True))
    await house.says("tea please")
    before = copy.deepcopy(house.storage.rows)
    with pytest.raises(RunawayTurn, match=r"guest\.choosing: too many steps .*brew\.again"):
        await house.says("Mint")
    assert house.storage.rows == before


@pytest.mark.parametrize("step", ["list_teas", "note", "brew"])
async def test_a_turn_that_failed_gives_the_same_when_it_is_taken_again(step: str) -> None:
    clean = TeaHouse()
    expected = [await clean.hears(text, key=text) for text in ("tea please", "Mint")]

    shaky = TeaHouse()
    taken = []
    for text in ("tea please", "Mint"):
        before = copy.deepcopy(shaky.storage.rows)
        shaky.kitchen.failing = step
        for _ in range(3):
            try:
                taken.append(await shaky.hears(text, key=text))
                break
            except ConnectionError:
                assert shaky.storage.rows == before, "nothing of a failed try is kept"
        else:
            shaky.kitchen.failing = None
            taken.append(await shaky.hears(text, key=text))
    assert taken == expected
    assert shaky.storage.rows == clean.storage.rows


async def test_steps_that_a_flow_may_take_in_one_turn_are_counted_exactly() -> None:
    exactly = {**FLOWS, "guest": replace(GUEST_FLOW, max_steps=3)}
    house = TeaHouse(flows=exactly)
    assert (await house.says("tea please", "Mint")).taken
    house = TeaHouse(flows={**FLOWS, "guest": replace(GUEST_FLOW, max_steps=2)})
    await house.says("tea please")
    with pytest.raises(RunawayTurn):
        await house.says("Mint")


ANYTHING = st.one_of(
    st.sampled_from(
        ["tea please", "yes", "help", "thanks", "1", "3", "99", "Mint", "", "serve #7", "\u200b"]
    ).map(lambda text: {"text": text}),
    st.text(max_size=20).map(lambda text: {"text": text}),
    st.sampled_from(["1.1", "2.2", "3.1", "serve:7", "ready:1", "x"]).map(
        lambda tap: {"kind": "tap", "tap": tap}
    ),
    st.sampled_from(["ready", "order_arrived", "nonsense", None]).map(
        lambda name: {"kind": "signal", "event": name}
    ),
    st.integers(0, 6).map(lambda turn: {"kind": "wait", "data": {"turn": turn}}),
    st.sampled_from(["media", "location"]).map(lambda kind: {"kind": kind}),
    st.tuples(
        st.sampled_from(["order", "leave", "help", "yes", "give.tea", "out.of.scope", "unheard.of"]),
        st.floats(0, 1),
    ).map(lambda scored: {"text": "hm", "reading": means(scored, tea="Mint")}),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(ANYTHING, max_size=12), start=st.sampled_from(["idle", "picking", "gone", "brewing"]))
async def test_whatever_happens_a_conversation_ends_in_a_state_that_waits(
    events: list[dict[str, Any]], start: str
) -> None:
    waiting = {state.name for state in GUEST_FLOW.waiting_states}
    house, twin = TeaHouse(), TeaHouse()
    house.place(state=start)
    twin.place(state=start)
    for number, event in enumerate(events, 1):
        turn = await house.hears(**event)
        assert turn.taken
        assert house.stands().state in waiting
        assert house.stands().turn == number
        state = GUEST_FLOW.states[house.stands().state]
        assert house.stands().wakes_at is None or state.wait, "nothing waits where nothing is waited for"
        if event.get("kind", "text") not in {"wait", "signal"} and turn.after and turn.after.state != "idle":
            assert turn.messages, f"{GUEST} got no answer"
        assert await twin.hears(**event) == turn, "the same again gives the same"


async def test_when_the_person_was_last_heard_is_kept_and_news_does_not_count() -> None:
    house = TeaHouse()
    await house.says("tea please")
    house.now += 500
    await house.hears(kind="signal", event="ready", data={"tea": "Mint", "cup": 1})
    assert house.stands().heard_at == NOW
    await house.taps("1.1")
    assert house.stands().heard_at == NOW + 500


async def test_news_that_changes_nothing_does_not_begin_a_waiting_time_anew() -> None:
    house = TeaHouse()
    await house.says("tea please")
    house.now += 500
    turn = await house.hears(kind="signal", event="ready", data={"tea": "Mint", "cup": 1})
    assert said(turn) == "Your Mint is ready."
    assert house.stands().wakes_at == NOW + 600


async def test_a_title_said_to_an_earlier_question_is_no_answer_to_this_one() -> None:
    house = TeaHouse()
    first = await house.says("tea please")
    house.storage.rows.named["SM1"] = first.messages[0]
    for named in ("Black", "2"):
        await house.says("Mint")
        again = await house.says("tea please")
        house.storage.rows.named["SM2"] = again.messages[-1]
        turn = await house.hears(named, replied_to="SM1")
        assert (turn.event, house.stands().state) == ("stale_tap", "choosing")
        answered = await house.hears(named, replied_to="SM2")
        assert said(answered) == "Enjoy your Black!"


async def test_what_is_said_to_a_message_that_nobody_knows_counts_as_ever() -> None:
    house = TeaHouse()
    await house.says("tea please")
    assert said(await house.hears("Black", replied_to="SM404")) == "Enjoy your Black!"


async def test_a_standing_option_counts_whatever_it_was_tapped_on() -> None:
    house = TeaHouse()
    news = await house.hears(
        flow="kitchen", kind="signal", event="order_arrived", data={"cup": 7, "tea": "Mint"}
    )
    house.storage.rows.named["SM1"] = news.messages[0]
    tapped = await house.taps("serve:7", flow="kitchen", replied_to="SM1")
    typed = await house.hears("serve", flow="kitchen", replied_to="SM1")
    assert said(tapped) == said(typed) == "Cup 7 served."
