"""An agent brought in line with the file, against a stand-in that is as strict as the real service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import grpc
import pytest
from google.cloud import dialogflowcx_v3 as cx
from hypothesis import given
from hypothesis import strategies as st

from channels.understanding.agent.comparison import TAKES_MESSAGES, counterpart
from channels.understanding.agent.console import AgentRefused, Console
from channels.understanding.agent.content import Content, Parameter, Part, Phrase, joined, text_of
from channels.understanding.agent.push import Report, compare, push
from channels.understanding.dialogflow_agent import Access, Agent
from tests.fakes.dialogflow import AGENT, FakeDialogflow
from tests.fakes.dialogflow_agent import SYSTEM, AgentContent

_, PROJECT, _, LOCATION, _, AGENT_ID = AGENT.split("/")
HOUSE = (Part("come to "), Part("my house", "service-type"), Part(" tomorrow"))


def content(**changes: Sequence[Phrase]) -> Content:
    """A small file; `changes` replace the phrases of an intent."""
    phrases = {"book": (HOUSE, (Part("book me in"),)), "none": ((Part("play music"),),)} | changes
    return Content(
        language="en",
        values={"service-type": {"home visit": ("my house", "at home"), "in-call": ("your place",)}},
        parameters={
            "service-type": Parameter("service-type", personal=True),
            "appointment-time": Parameter("sys.date-time"),
        },
        intents={name: tuple(phrases) for name, phrases in phrases.items()},
        negative="none",
        personal_types=frozenset({"service-type"}),
    )


class Waits:
    """How long somebody waited; nobody does."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
async def dialogflow() -> AsyncIterator[FakeDialogflow]:
    async with FakeDialogflow() as fake:
        yield fake


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def console(dialogflow: FakeDialogflow, waits: Waits) -> AsyncIterator[Console]:
    agent = Agent(PROJECT, LOCATION, AGENT_ID)
    async with Console(agent, Access(insecure_address=dialogflow.address), "en", pause=waits) as opened:
        yield opened


async def differences(console: Console, wanted: Content) -> Report:
    return compare(wanted, await console.read())


def phrases_there(agent: AgentContent, name: str) -> list[str]:
    intent = next(one for one in agent.intents.values() if one.display_name == name)
    return ["".join(part.text for part in phrase.parts) for phrase in intent.training_phrases]


async def test_everything_is_made_and_learnt(dialogflow: FakeDialogflow, console: Console) -> None:
    pushed = await push(content(), console)
    assert pushed.written == ["entity type service-type", "intent book", "intent none", "start flow"]
    assert pushed.trained
    [kind] = dialogflow.content.entity_types.values()
    assert {one.value: list(one.synonyms) for one in kind.entities} == {
        "home visit": ["home visit", "my house", "at home"],
        "in-call": ["in-call", "your place"],
    }
    assert kind.redact
    learnt = dialogflow.content.match("come to my house tomorrow")
    assert learnt is not None
    assert (learnt.intent, learnt.parameters) == ("book", {"service-type": "home visit"})


async def test_values_are_kept_out_of_logs_where_they_are_personal(console: Console) -> None:
    at_ten = (Part("at "), Part("ten", "appointment-time"))
    await push(content(book=(HOUSE, at_ten)), console)
    found = counterpart(content(), "book", await console.read())
    assert found is not None
    assert {one.id: one.redact for one in found.parameters} == {
        "appointment-time": False,
        "service-type": True,
    }


async def test_what_is_about_something_else_goes_to_the_negative_intent(
    dialogflow: FakeDialogflow, console: Console
) -> None:
    await push(content(), console)
    assert phrases_there(dialogflow.content, "Default Negative Intent") == ["play music"]
    assert not any(intent.display_name == "none" for intent in dialogflow.content.intents.values())


async def test_a_second_push_writes_nothing(dialogflow: FakeDialogflow, console: Console) -> None:
    assert (await differences(console, content())).writes == 4
    await push(content(), console)
    written = len(dialogflow.content.writes)
    assert not (await differences(console, content())).differences
    pushed = await push(content(), console)
    assert (pushed.written, pushed.trained) == ([], False)
    assert len(dialogflow.content.writes) == written


async def test_it_may_be_told_to_train_all_the_same(console: Console) -> None:
    await push(content(), console)
    assert (await push(content(), console, train=True)).trained


async def test_an_interrupted_push_is_taken_up_where_it_ended(
    dialogflow: FakeDialogflow, console: Console
) -> None:
    def breaks_off(what: str) -> None:
        if what == "intent book":
            dialogflow.fail(grpc.StatusCode.INTERNAL, times=None)

    with pytest.raises(AgentRefused):
        await push(content(), console, done=breaks_off)
    dialogflow.recover()
    pushed = await push(content(), console)
    assert pushed.written == ["intent none", "start flow"]


async def test_only_what_changed_is_written(dialogflow: FakeDialogflow, console: Console) -> None:
    await push(content(), console)
    more = content(book=(HOUSE, (Part("book me in"),), (Part("an appointment please"),)))
    report = await differences(console, more)
    assert [(one.what, one.missing) for one in report.differences] == [
        ("intent book", ("an appointment please",))
    ]
    assert (await push(more, console)).written == ["intent book"]
    assert phrases_there(dialogflow.content, "book")[-1] == "an appointment please"


async def test_a_phrase_that_is_marked_otherwise_is_marked_anew(
    dialogflow: FakeDialogflow, console: Console
) -> None:
    await push(content(book=((Part("come to my house tomorrow"),),)), console)
    report = await differences(console, content(book=(HOUSE,)))
    assert report.differences[0].missing[0] == "come to [my house](service-type) tomorrow"
    await push(content(book=(HOUSE,)), console)
    assert phrases_there(dialogflow.content, "book") == ["come to my house tomorrow"]
    assert not (await differences(console, content(book=(HOUSE,)))).differences


async def test_what_only_the_agent_has_is_told_and_left_alone(
    dialogflow: FakeDialogflow, console: Console
) -> None:
    await push(content(), console)
    agent = dialogflow.content
    book = next(one for one in agent.intents.values() if one.display_name == "book")
    book.parameters.append(cx.Intent.Parameter(id="name", entity_type=f"{SYSTEM}sys.any"))
    book.training_phrases.append(
        cx.Intent.TrainingPhrase(parts=[{"text": "I am "}, {"text": "Ann", "parameter_id": "name"}])
    )
    kind = next(iter(agent.entity_types.values()))
    kind.entities[0].synonyms.append("my cottage")
    other = agent.create(agent.intents, "intents", AGENT, cx.Intent(display_name="weather"), "en")
    report = await differences(console, content())
    assert {one.what: one.extra for one in report.differences} == {
        "entity type service-type": ("home visit: my cottage",),
        "intent book": ("I am [Ann](name)",),
    }
    assert report.writes == 0
    assert report.alone == (f"intent Default Welcome Intent{TAKES_MESSAGES}", "intent weather")
    more = content(book=(HOUSE, (Part("book me in"),), (Part("new"),)))
    pushed = await push(more, console)
    assert pushed.written == ["intent book"]
    assert "I am Ann" in phrases_there(agent, "book")
    assert other.name in agent.intents
    assert len((await console.read()).flow.transition_routes) == 2


async def test_somebody_who_makes_the_same_at_the_same_time_is_noticed(
    dialogflow: FakeDialogflow, console: Console
) -> None:
    """The second one finds the names taken, looks again, and writes what is still missing."""
    raced = Raced(dialogflow, console)
    pushed = await push(content(), raced)  # type: ignore[arg-type]  # a console, and somebody beside it
    assert pushed.written == ["entity type service-type", "intent book", "intent none", "start flow"]
    assert not (await differences(console, content())).differences


class Raced:
    """A console beside which somebody makes the intent `book` just before it is written."""

    def __init__(self, dialogflow: FakeDialogflow, console: Console) -> None:
        self._agent, self._console = dialogflow.content, console
        self.read, self.train = console.read, console.train

    async def write(self, message: cx.EntityType | cx.Intent | cx.Flow) -> None:
        if message.display_name == "book" and not message.name:
            self._agent.create(self._agent.intents, "intents", AGENT, cx.Intent(display_name="book"), "en")
        await self._console.write(message)


async def test_a_busy_service_is_asked_again_and_calls_are_paced(
    dialogflow: FakeDialogflow, console: Console, waits: Waits
) -> None:
    dialogflow.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, times=2)
    await push(content(), console)
    assert waits.seconds.count(1.0) >= len(dialogflow.content.writes)
    assert [seconds for seconds in waits.seconds if seconds > 1.0]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (grpc.StatusCode.NOT_FOUND, "DIALOGFLOW_AGENT_ID"),
        (grpc.StatusCode.PERMISSION_DENIED, "role Dialogflow API Admin"),
        (grpc.StatusCode.UNAUTHENTICATED, "GOOGLE_APPLICATION_CREDENTIALS"),
        (grpc.StatusCode.INVALID_ARGUMENT, "DIALOGFLOW_LOCATION"),
        (grpc.StatusCode.UNAVAILABLE, "cannot be reached"),
    ],
)
async def test_a_refusal_says_what_to_do(
    dialogflow: FakeDialogflow, console: Console, code: grpc.StatusCode, advice: str
) -> None:
    dialogflow.fail(code, times=None)
    with pytest.raises(AgentRefused, match=advice):
        await push(content(), console)


async def test_another_region_is_another_agent(dialogflow: FakeDialogflow, waits: Waits) -> None:
    elsewhere = Agent(PROJECT, "europe-west2", AGENT_ID)
    async with Console(elsewhere, Access(insecure_address=dialogflow.address), "en", pause=waits) as console:
        with pytest.raises(AgentRefused, match="DIALOGFLOW_LOCATION"):
            await console.read()


async def test_a_training_that_fails_is_told_and_can_be_repeated(
    dialogflow: FakeDialogflow, console: Console
) -> None:
    dialogflow.content.training_error = "No luck."
    with pytest.raises(AgentRefused, match=r"No luck\.(.|\n)*nlu push --train"):
        await push(content(), console)
    assert dialogflow.content.match("book me in") is None
    dialogflow.content.training_error = ""
    assert (await push(content(), console, train=True)).written == []
    assert dialogflow.content.match("book me in")


async def test_a_training_that_never_ends_is_given_up(dialogflow: FakeDialogflow, console: Console) -> None:
    dialogflow.content.training_polls = 10**6
    with pytest.raises(AgentRefused, match="still training"):
        await push(content(), console)


async def test_long_lists_are_read_to_their_end(console: Console) -> None:
    many = {f"intent {number}": ((Part(f"phrase {number}"),),) for number in range(120)}
    await push(content(**many), console)
    assert (await push(content(**many), console)).written == []


PARTS = st.lists(st.builds(Part, st.text(max_size=3), st.sampled_from(["", "", "service-type"])), max_size=6)


@given(PARTS.map(tuple))
def test_joining_parts_changes_neither_words_nor_marks(phrase: Phrase) -> None:
    whole = joined(phrase)
    assert text_of(whole) == text_of(phrase)
    assert joined(whole) == whole
    assert [part for part in whole if part.parameter] == [
        part for part in phrase if part.parameter and part.text
    ]
