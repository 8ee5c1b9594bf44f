"""Whatever two clients and a therapist do, in whatever order: the promises hold."""

from __future__ import annotations

from itertools import cycle

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.data_store import storage_settings
from bench.law import claims_astray, looked_at, overlaps, series_apart
from bench.lives import live
from bench.news import news_astray
from tests.scenarios.play import Conversation
from tests.scenarios.script import Deed
from tests.scenarios.stage import Stage

CLIENTS = ("client Ana", "client {summary}'; DROP TABLE people")
THERAPIST = "therapist anna"
TEXTS = (
    "book",
    "in-call individual therapy thursday at 9am",
    "in-call couples therapy thursday at 9am",
    "home visit for individual therapy tomorrow at 3pm",
    "in-call individual therapy every thursday at 9am for three weeks",
    "every other thursday",
    "only once",
    "leave it out",
    "this and all later ones",
    "what times are free?",
    "what times are free on friday?",
    "friday at 10am",
    "at 4",
    "clinic visit",
    "family therapy",
    "12 Harbour Street, Hamburg",
    "yes",
    "yes",
    "no",
    "1",
    "2",
    "more times",
    "cancel",
    "cancel my appointment",
    "I want to change it",
    "move my appointment",
    "move my appointment to friday at 10am",
    "times 1",
    "times 2",
    "my appointments",
    "person",
    "done",
    "I would rather say it to you than to a machine",
    "stop",
    "please don't text me any more",
    "leave me alone",
    "quit",
    "start",
    "help",
    "hello",
    "repeat",
    "do you take insurance?",
    "asdf qwer zxcv",
    "",
    "😀" * 400,
    "{when} '); DELETE FROM claims; --",
)
ANSWERS = (
    "approve",
    "decline",
    "yes",
    "no",
    "1",
    "2",
    "approve 1",
    "decline 2",
    "requests",
    "today",
    "week",
    "more",
    "next",
    "propose",
    "propose 1",
    "move 2",
    "friday at noon",
    "thursday at 11am",
    "send",
    "skip",
    "keep it",
    "this and all later ones",
    "cancel 1",
    "cancel 2",
    "no show 1",
    "came 1",
    "block thursday",
    "unblock thursday",
    "my blocks",
    "history Ana",
    "482911",
    "tell Ana I will be there at three",
    "tell #1 hello",
    "at three then",
    "running late",
    "done",
    "cancel",
)

client_says = st.builds(Deed, st.just("says"), st.sampled_from(CLIENTS), st.sampled_from(TEXTS))
therapist_says = st.builds(Deed, st.just("says"), st.just(THERAPIST), st.sampled_from(ANSWERS))
someone_sends = st.builds(
    Deed, st.just("sends"), st.sampled_from((*CLIENTS, THERAPIST)), st.sampled_from(("photo", "location"))
)
time_passes = st.builds(Deed, st.just("advance"), st.just(""), st.sampled_from(("9m", "10m", "61m", "25h")))
says = client_says | therapist_says
at_once = st.builds(Deed, st.just("at once"), parts=st.lists(says, min_size=2, max_size=4).map(tuple))
taps = st.builds(
    Deed,
    st.sampled_from(("taps", "taps earlier")),
    st.sampled_from((*CLIENTS, THERAPIST)),
    st.integers(0, 30).map(str),
)
ANA = CLIENTS[0]
REQUEST = (Deed("says", ANA, "in-call individual therapy thursday at 9am"), Deed("says", ANA, "yes"))
SERIES = (Deed("says", ANA, "in-call individual therapy every thursday at 9am for three weeks"), REQUEST[1])
APPROVED = (Deed("says", THERAPIST, "approve"),)
before = st.sampled_from(((), REQUEST, (*REQUEST, *APPROVED), SERIES, (*SERIES, *APPROVED)))
anything = client_says | says | taps | taps | someone_sends | time_passes | at_once
deeds = st.builds(lambda first, then: [*first, *then], before, st.lists(anything, max_size=20))


within_reason = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(within_reason, max_examples=25)
@given(deeds)
def test_whatever_is_done_the_promises_hold(sqlite_stage: Stage, done: list[Deed]) -> None:
    _live_on(sqlite_stage, done)


@settings(within_reason, max_examples=10)
@given(deeds)
def test_whatever_is_done_at_once_on_mariadb_the_promises_hold(
    mariadb_stage: Stage, done: list[Deed]
) -> None:
    _live_on(mariadb_stage, done)


around_a_silence = st.lists(
    st.sampled_from(
        (
            *(Deed("says", ANA, text) for text in ("stop", "start", "book", "person", "my appointments")),
            *REQUEST,
            *(Deed("says", THERAPIST, text) for text in ("approve", "decline")),
            Deed("at once", parts=(Deed("says", ANA, "stop"), Deed("says", THERAPIST, "approve"))),
            *(Deed("advance", text=length) for length in ("10m", "2h", "25h")),
        )
    ),
    min_size=3,
    max_size=12,
)


@settings(within_reason, max_examples=20)
@given(around_a_silence)
def test_whatever_is_done_nothing_comes_unasked_to_who_wants_silence(
    sqlite_stage: Stage, done: list[Deed]
) -> None:
    sqlite_stage.clear()
    sqlite_stage.do(_live_quietly(Conversation(cycle(sqlite_stage.products), sqlite_stage.clock), done))


def test_whatever_is_cut_off_everybody_hears_once_what_became_of_each_appointment(
    sqlite_stage: Stage,
) -> None:
    result = live(sqlite_stage, operations=180, seed=7)
    assert not result.faults, str(result)
    assert result.cut_off
    assert result.ends.keys() >= {"completed", "cancelled", "declined", "expired"}


async def _live_quietly(conversation: Conversation, done: list[Deed]) -> None:
    for deed in (*REQUEST, *done):
        await conversation.do(deed)
        await conversation.check_silence()
        await conversation.nothing_failed()


def _live_on(stage: Stage, done: list[Deed]) -> None:
    stage.clear()
    stage.do(_live(Conversation(cycle(stage.products), stage.clock), stage, done))


async def _live(conversation: Conversation, stage: Stage, done: list[Deed]) -> None:
    for deed in done:
        await _do(conversation, deed)
        await _check(conversation, stage)
    await conversation.do(Deed("advance", text="3d"))  # whatever was held or asked for is over
    assert not await news_astray(stage.products[0].storage)
    for client in CLIENTS:
        await _book(conversation, client)
        await _check(conversation, stage)


async def _do(conversation: Conversation, deed: Deed) -> None:
    """Do it; a tap is on any option that this person was ever offered, if there is one."""
    if deed.what.startswith("taps"):
        titles = conversation.titles(deed.who)
        if not titles:
            return
        title = titles[int(deed.text) % len(titles)]
        deed = Deed("taps earlier", deed.who, title)
    await conversation.do(deed)
    await conversation.news()


async def _book(conversation: Conversation, client: str) -> None:
    """Everybody can book after all, in a few steps."""
    said = ["book"]
    await _do(conversation, Deed("says", client, "book"))
    state = None
    for _ in range(8):
        state = await conversation.state(client)
        if state == "waiting_for_therapist":
            return
        said.append({"giving_address": "12 Harbour Street", "confirming": "yes"}.get(state or "", "1"))
        await _do(conversation, Deed("says", client, said[-1]))
    raise AssertionError(f"After {said} the client is still {state}")


async def _check(conversation: Conversation, stage: Stage) -> None:
    await conversation.nothing_failed()
    await conversation.check_silence()
    with looked_at([storage_settings(stage.settings)]) as opened:
        assert (overlaps(opened), claims_astray(opened), series_apart(opened)) == (0, 0, 0)
