"""flows/understanding.yaml and its loader."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import FlowError
from engine.narrow import NONE_OF_THESE
from engine.vocabulary import Command, normalise
from flows.vocabulary import Part, load_understanding

SMALL = """\
language: en
intents:
  greeting: |
    hi
    hello
  give.time: |
    [tomorrow](appointment_time) please
  out.of.scope: |
    play music
entities:
  appointment_time:
    about: A day, a time, or both.
    dialogflow: appointment-time
    given_as: give.time
    system: date-time
lexicon:
  greeting: [Hey!]
commands:
  greeting: ["hello {appointment_time}"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "understanding.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def issues(path: Path, old: str, new: str) -> list[tuple[int, str]]:
    """Lines and codes of what is wrong once `old` is replaced by `new`."""
    assert old in SMALL
    path.write_text(SMALL.replace(old, new), encoding="utf-8")
    with pytest.raises(FlowError) as refused:
        load_understanding(path)
    return [(issue.line, issue.code) for issue in refused.value.issues]


def test_a_small_file_is_read(file: Path) -> None:
    understanding = load_understanding(file)
    assert understanding.vocabulary.intents == ("greeting", "give.time", NONE_OF_THESE)
    assert understanding.vocabulary.lexicon == {"hey": "greeting"}
    assert understanding.vocabulary.entities["appointment_time"].given_as == "give.time"
    assert understanding.training_texts["give.time"] == ("tomorrow please",)
    assert understanding.phrases["give.time"][0].parts == (
        Part("tomorrow", "appointment_time"),
        Part(" please"),
    )


def test_a_mark_for_an_unknown_entity_is_found_in_its_line(file: Path) -> None:
    assert issues(file, "(appointment_time) please", "(apointment_time) please") == [(7, "unknown-entity")]


def test_places_in_a_list_are_read_and_checked(file: Path) -> None:
    places = "positions: {first: 1, last: -1}\naround_positions: [The]\ncommands:"
    file.write_text(SMALL.replace("commands:", places), encoding="utf-8")
    vocabulary = load_understanding(file).vocabulary
    assert vocabulary.position("the last") == -1
    assert vocabulary.position("the first last") is None
    assert issues(file, "commands:", "positions: {first: one}\ncommands:") == [(18, "not-a-position")]


def test_a_misspelt_key_is_found(file: Path) -> None:
    assert (14, "unknown-key") in issues(file, "given_as:", "givenas:")


def test_the_places_of_a_command_take_what_their_entities_are(file: Path) -> None:
    note = "  note:\n    about: Words.\n    dialogflow: note\n    given_as: give.note\n    system: words\n"
    text = SMALL.replace("lexicon:", f"{note}lexicon:")
    file.write_text(text.replace("commands:", "commands:\n  write.down: ['write {note}']"), encoding="utf-8")
    vocabulary = load_understanding(file).vocabulary
    assert vocabulary.entities["note"].verbatim
    assert vocabulary.commands == (
        Command("write.down", "write {note}", words=frozenset({"note"})),
        Command("greeting", "hello {appointment_time}", times=frozenset({"appointment_time"})),
    )


def test_an_unknown_place_of_a_command_is_found(file: Path) -> None:
    assert issues(file, '["hello {appointment_time}"]', '["hello {time}"]') == [(19, "unknown-entity")]


def test_every_mistake_is_told_at_once(file: Path) -> None:
    found = issues(file, "lexicon:\n  greeting:", "lexicn:\n  greetin:")
    assert [code for _, code in found] == ["missing-section", "unknown-key"]


def test_words_for_an_unknown_intent_are_refused(file: Path) -> None:
    assert issues(file, "  greeting: [Hey!]", "  greetin: [Hey!]") == [(17, "unknown-intent")]


def test_a_word_cannot_mean_two_things(file: Path) -> None:
    assert issues(file, "[Hey!]", "[Hey!]\n  give.time: [hey]") == [(18, "two-meanings")]


def test_without_unrelated_phrases_everything_would_match(file: Path) -> None:
    assert [code for _, code in issues(file, "out.of.scope", "other")] == ["missing-intent"]


def test_an_intent_without_phrases_is_refused(file: Path) -> None:
    assert issues(file, "  greeting: |\n    hi\n    hello\n", "  greeting: |\n") == [(3, "no-phrases")]


def test_a_phrase_stands_once(file: Path) -> None:
    assert issues(file, "    hello\n", "    hello\n    Hello\n") == [(6, "repeated-phrase")]


def test_a_mark_has_to_end(file: Path) -> None:
    for wrong in ("[hi](time", "[hi", "hi [there]"):
        assert issues(file, "    hi\n", f"    {wrong}\n") == [(4, "stray-mark")], wrong


def test_a_language_has_to_be_known(file: Path) -> None:
    assert [code for _, code in issues(file, "language: en", "language: xx")] == ["unknown-language"]


def test_an_entity_needs_values_or_a_kind(file: Path) -> None:
    assert issues(file, "    system: date-time\n", "") == [(11, "entity-values")]


def test_the_shipped_file_has_what_the_product_promises() -> None:
    understanding = load_understanding()
    promised = {"greeting", "book.appointment", "check.availability", "get.services", "modify.appointment"}
    assert promised <= set(understanding.vocabulary.intents)
    names = {entity.dialogflow for entity in understanding.entities.values()}
    assert {"service-type", "appointment-time", "service-description"} <= names
    assert set(understanding.synonyms["service_type"]) == {
        "in-call",
        "out-call",
        "home visit",
        "clinic visit",
    }


def test_no_shipped_phrase_means_two_things() -> None:
    meanings: dict[str, set[str]] = {}
    for intent, texts in load_understanding().training_texts.items():
        for text in texts:
            said = normalise(text) + ("?" if text.endswith("?") else "")
            meanings.setdefault(said, set()).add(intent)
    assert {said: intents for said, intents in meanings.items() if len(intents) > 1} == {}
