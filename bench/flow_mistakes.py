"""How many single mistakes in flows.yaml are caught before anything runs, and how many on the right line.

    python -m bench.flow_mistakes [SEED]

Makes every kind of mistake at every place of the shipped file: some 3,400, in about a minute. It judges
nothing itself; the test of the same mistakes does, on a sample.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

from app.flow_file import STEPS
from engine.checks import check
from engine.errors import Issue
from engine.model import Words
from flows.guards import GUARDS
from flows.load import FileReader
from flows.registry import words
from flows.strict_yaml import Problems, parse_yaml
from flows.texts import Texts
from flows.vocabulary import load_understanding
from tests.flows.mistakes import all_mistakes, meaning

ROOT = Path(__file__).parents[1]


def issues_of(text: str, names: Words) -> list[Issue]:
    """Every mistake that is found."""
    problems = Problems("flows.yaml")
    if node := parse_yaml(text, problems):
        check(FileReader(problems).flows(node), names, problems.add)
    return problems.issues


def main(seed: int) -> None:
    """Try them all and print a table."""
    names = words(STEPS, GUARDS, load_understanding().vocabulary, Texts.load(ROOT / "flows" / "texts"))
    shipped = (ROOT / "flows.yaml").read_text(encoding="utf-8")
    assert not issues_of(shipped, names), "the shipped file has mistakes of its own"
    original = meaning(shipped)
    made, caught, right = Counter[str](), Counter[str](), Counter[str]()
    same = 0
    for mistake in all_mistakes(shipped, random.Random(seed)):
        if meaning(mistake.text) == original:
            same += 1
            continue
        issues = issues_of(mistake.text, names)
        made[mistake.kind] += 1
        caught[mistake.kind] += bool(issues)
        right[mistake.kind] += any(issue.line in mistake.lines for issue in issues)
    print(f"{'mistake':24}{'made':>6}{'caught':>8}{'right line':>12}")
    for kind in sorted(made):
        print(f"{kind:24}{made[kind]:6}{caught[kind]:8}{right[kind]:12}")
    total = made.total()
    print(f"{'all':24}{total:6}{caught.total() / total:8.2%}{right.total() / total:12.2%}")
    print(f"{same} further changes left the meaning as it was.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
