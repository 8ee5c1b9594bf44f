"""The table of texts that code fills in says what the code says."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import FlowError
from flows.parts import PARTS, names_for
from flows.texts import Texts

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "flows" / "texts"


def written() -> dict[str, set[str]]:
    """Keys that code passes to `line`, each with the names that it passes; a star where it computes."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "flows").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "line":
                for key in keys_of(node.args[0]):
                    found[key] |= {keyword.arg or "**" for keyword in node.keywords}
    return found


def keys_of(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(key)):
            yield key
        case ast.IfExp(body=one, orelse=other):
            yield from (*keys_of(one), *keys_of(other))
        case ast.JoinedStr(values=[ast.Constant(value=str(beginning)), *_]):
            yield f"{beginning}*"


def test_the_table_says_what_the_code_says() -> None:
    for key, names in written().items():
        if "**" not in names:
            assert names_for(key.replace("*", "pending")) == frozenset(names), key
    assert {key.rstrip("*") for key in PARTS} <= {
        key for text in [*Texts.load(SHIPPED).places(), *written()] for key in (text, text.rstrip("*"))
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("{kind} · {service} · {therapist}", "{kind} · {service} · {therapst}", "unfilled-place"),
        ("{kind} · {service} · {therapist}", "{kind} · {service} · {therapist", "stray-brace"),
        ('own_line: "• {summary}"', 'own_line: "• {deadline}"', "unfilled-place"),
        ("This is confirmed:", "Your appointment is {confirmed:", "stray-brace"),
    ],
)
def test_a_place_that_nobody_fills_is_found(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = (SHIPPED / "en.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "en.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FlowError) as found:
        Texts.load(tmp_path)
    assert code in {issue.code for issue in found.value.issues}
