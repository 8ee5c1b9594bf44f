"""Puts the states of a flow into rows, and each row into an order with few crossings.

The row of a state follows the reading order of the flow file: an edge to a state further down leads
downwards, every other edge leads back up. An edge over several rows gets a waypoint in each row
between, shared by all edges to the same state: they become one trunk instead of a thicket.
Pure; knows nothing of sizes or of SVG. It must never lose an edge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from channels.simulator.desk import Diagram

SWEEPS = 24
"""How often the rows are put into order again; few flows gain anything after ten."""

Pair: TypeAlias = tuple[str, str]
"""The source and the target of all edges between two states."""


class Vertex(NamedTuple):
    """A state, or a point that edges to a state pass through."""

    row: int
    state: str
    """The state itself; for a waypoint, the state that the trunk leads to."""
    waypoint: bool = False
    upward: bool = False
    """Whether the trunk through this waypoint leads up; trunks from above and below stay apart."""


class Layers(NamedTuple):
    """The drawing's skeleton: rows of vertices from left to right, and the way of every pair."""

    rows: tuple[tuple[Vertex, ...], ...]
    ways: dict[Pair, tuple[Vertex, ...]]

    def steps(self) -> frozenset[tuple[Vertex, Vertex]]:
        """Every piece of a way, once, however many ways share it."""
        return frozenset(step for way in self.ways.values() for step in pairwise(way))


def into_layers(diagram: Diagram) -> Layers:
    """Rows and ways for all edges but self loops."""
    pairs = sorted({(e.source, e.target) for e in diagram.edges if e.source != e.target})
    row = _rows(diagram, pairs)
    ways = {pair: _way(pair, row) for pair in pairs}
    order = {state.name: index for index, state in enumerate(diagram.states)}
    vertices = {Vertex(row[name], name) for name in order}.union(*ways.values())
    rows: list[list[Vertex]] = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for vertex in sorted(vertices, key=lambda v: (v.waypoint, order[v.state], v.upward)):
        rows[vertex.row].append(vertex)
    layers = Layers(tuple(map(tuple, rows)), ways)
    return Layers(_untangled(layers), ways)


def _rows(diagram: Diagram, pairs: Iterable[Pair]) -> dict[str, int]:
    """The longest way from the start, going only down the reading order.

    A state that only `everywhere` rules or edges from below lead to is put where there is most room.
    """
    names = [diagram.start, *(s.name for s in diagram.states if s.name != diagram.start)]
    order = {name: index for index, name in enumerate(names)}
    sources: dict[str, list[str]] = defaultdict(list)
    leads_on: set[str] = set()
    for source, target in pairs:
        if order[source] < order[target]:
            sources[target].append(source)
            leads_on.add(source)
    row: dict[str, int] = {}
    loose = [n for n in names[1:] if not sources[n] and n not in leads_on]
    for name in names:
        if name not in loose:
            row[name] = max((row[source] + 1 for source in sources[name]), default=int(name != names[0]))
    for name in loose:
        taken = list(row.values())
        row[name] = min(range(1, max(1, *taken) + 1), key=lambda r: (taken.count(r), -r))
    return row


def _way(pair: Pair, row: dict[str, int]) -> tuple[Vertex, ...]:
    source, target = pair
    start, end = row[source], row[target]
    step = 1 if end > start else -1
    between = (Vertex(r, target, waypoint=True, upward=step < 0) for r in range(start + step, end, step))
    return (Vertex(start, source), *(between if start != end else ()), Vertex(end, target))


def _untangled(layers: Layers) -> tuple[tuple[Vertex, ...], ...]:
    """Order each row by where its neighbours are, sweeping down and up; keep the best order seen."""
    near: dict[Vertex, list[Vertex]] = defaultdict(list)
    steps = sorted(layers.steps())
    for one, other in steps:
        near[one].append(other)
        near[other].append(one)
    rows = [list(row) for row in layers.rows]
    best, fewest = [list(row) for row in rows], crossings(rows, steps)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for index in range(len(rows)) if down else reversed(range(len(rows))):
            beside = index - 1 if down else index + 1
            if 0 <= beside < len(rows):
                rows[index] = _by_neighbours(rows[index], rows[beside], near)
        _swap_neighbours(rows, steps)
        tangle = crossings(rows, steps)
        if tangle < fewest:
            best, fewest = [list(row) for row in rows], tangle
    return tuple(map(tuple, best))


def _by_neighbours(row: list[Vertex], beside: list[Vertex], near: dict[Vertex, list[Vertex]]) -> list[Vertex]:
    place = {vertex: (i + 0.5) / len(beside) for i, vertex in enumerate(beside)}
    wish = {}
    for index, vertex in enumerate(row):
        places = [place[n] for n in near[vertex] if n in place]
        wish[vertex] = sum(places) / len(places) if places else (index + 0.5) / len(row)
    return sorted(row, key=wish.__getitem__)


def _swap_neighbours(rows: list[list[Vertex]], steps: Sequence[tuple[Vertex, Vertex]]) -> None:
    for number, row in enumerate(rows):
        touching = [step for step in steps if number in (step[0].row, step[1].row)]
        before = crossings(rows, touching)
        for index in range(len(row) - 1):
            row[index], row[index + 1] = row[index + 1], row[index]
            after = crossings(rows, touching)
            if after <= before:
                before = after
            else:
                row[index], row[index + 1] = row[index + 1], row[index]


def crossings(rows: Sequence[Sequence[Vertex]], steps: Iterable[tuple[Vertex, Vertex]]) -> int:
    """How many pairs of steps between the same two rows cross."""
    place = {vertex: index for row in rows for index, vertex in enumerate(row)}
    between: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for step in steps:
        upper, lower = sorted(step, key=lambda vertex: vertex.row)
        if upper.row != lower.row:
            between[upper.row].append((place[upper], place[lower]))
    count = 0
    for gap in between.values():
        for index, (a, b) in enumerate(gap):
            count += sum((a - c) * (b - d) < 0 for c, d in gap[:index])
    return count
