"""YAML as it is written: no guessed types, no tricks, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import Place
from flows.strict_yaml import DEEPEST, Items, Keys, Node, Problems, Text, parse_yaml, read_yaml


def parsed(text: str) -> tuple[Node | None, list[tuple[int, int, str]]]:
    problems = Problems("file.yaml")
    node = parse_yaml(text, problems)
    return node, [(issue.line, issue.column, issue.code) for issue in problems.issues]


@pytest.mark.parametrize(
    "written",
    [
        "yes",
        "no",
        "on",
        "off",
        "null",
        "~",
        "14:30",
        "9:00",
        "0501234567",
        "1.10",
        "2026-05-01",
        "1e3",
        "0x1F",
        "true",
    ],
)
def test_scalars_stay_what_they_look_like(written: str) -> None:
    node, issues = parsed(f"{written}: {written}\n")
    assert issues == []
    assert isinstance(node, Keys)
    assert node.entries == ((Text(written, Place(1, 1)), Text(written, Place(1, len(written) + 3))),)


def test_everything_has_its_place() -> None:
    node, _ = parsed("a:\n  - x\n  - {b: 'y'}\n")
    assert isinstance(node, Keys)
    items = node.get("a")
    assert isinstance(items, Items)
    assert items.place == Place(2, 3)
    assert items.items[0] == Text("x", Place(2, 5))
    inner = items.items[1]
    assert isinstance(inner, Keys)
    assert inner.get("b") == Text("y", Place(3, 9), quoted=True)


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1, "duplicate-key")),
        ("a: 1\n'a': 3\n", (2, 1, "duplicate-key")),
        ("x: &anchor 1\n", (1, 4, "alias")),
        ("x: !!python/name:os.system y\n", (1, 4, "tag")),
        ("x: !custom y\n", (1, 4, "tag")),
        ("? [a]\n: 1\n", (1, 3, "bad-key")),
        ("", (1, 1, "empty-file")),
        ("# nothing\n", (1, 1, "empty-file")),
        ("a: 1\n---\nb: 2\n", (2, 1, "not-yaml")),
        ("a: é\n  \x07\n", (2, 3, "not-yaml")),
        ("a:\n\tb: 1\n", (2, 1, "not-yaml")),
        ("a: 1\nb: [1, 2\nc: 3\nd: 4\n", (2, 4, "not-yaml")),
        ("a: 1\nb: 'x\nc: 3\n", (2, 4, "not-yaml")),
        ("a: 1\nb\nc: 3\n", (2, 1, "not-yaml")),
        ("a:\n  b: 1\n   c: 2\n  d: 3\n", (3, 4, "not-yaml")),
        ("a:\n  b: 1\n c: 2\n", (3, 2, "not-yaml")),
    ],
)
def test_a_mistake_has_the_line_and_column_where_to_look(text: str, issue: tuple[int, int, str]) -> None:
    assert parsed(text)[1] == [issue]


def test_all_duplicates_and_tricks_are_found_at_once() -> None:
    assert [code for _, _, code in parsed("a: &x 1\nb: *x\nc: !t 2\n")[1]] == ["alias", "alias", "tag"]
    assert [line for line, _, _ in parsed("a: 1\na: 1\nb: {c: 1, c: 2}\n")[1]] == [2, 3]


def test_nothing_is_nested_until_the_parser_breaks() -> None:
    assert parsed("[" * 5000 + "]" * 5000)[1] == [(1, DEEPEST + 1, "too-deep")]
    assert parsed("[" * DEEPEST + "]" * DEEPEST)[1] == []


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes("\ufeffa: ü\n".encode())
    node = read_yaml(path, Problems("bom.yaml"))
    assert isinstance(node, Keys)
    assert node.get("a") == Text("ü", Place(1, 4))


@pytest.mark.parametrize("content", [None, b"a: \xff\xfe\n"])
def test_a_file_that_cannot_be_read_is_a_mistake_too(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.yaml"
    if content:
        path.write_bytes(content)
    problems = Problems("x.yaml")
    assert read_yaml(path, problems) is None
    assert [issue.code for issue in problems.issues] == ["unreadable"]


@given(text=st.text(alphabet=st.sampled_from("ab:- \n\t{}[],'\"#&*!|>?%@`é\u2028\x00"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    node, issues = parsed(text)
    assert node is not None or issues
    lines = text.count("\n") + text.count("\u2028") + 2
    assert all(1 <= line <= lines and column >= 1 for line, column, _ in issues)
