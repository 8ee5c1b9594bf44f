"""Draws a flow: where every state stands and how every edge runs, in pixels, as the page's SVG needs it.

Pure. It must never let two states overlap or leave an edge out; self loops are listed with their
state, because a circle beside a box says nothing that the list does not say better.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from channels.simulator.desk import Diagram, Edge, Everywhere, State
from channels.simulator.layers import Layers, Pair, Vertex, into_layers

HEIGHT, GAP, MARGIN = 31.0, 27.0, 8.0
"""A box's height, the room between two rows, the room around everything."""

BESIDE = 12.0
"""The least room between two boxes, or a box and a trunk, in one row."""

LETTER, PADDING = 6.7, 20.0
"""The width of an average letter of a state's name, and what a box is wider than its text."""

ONE_LINE = 13
"""A name longer than this is set in two lines."""

PASSES = 40
"""How often the rows are drawn towards their neighbours; nothing moves visibly after thirty."""

TRUNK_PULL = 4.0
"""How much more than a state a waypoint pulls its neighbours: long edges become straight."""


@dataclass(frozen=True, slots=True)
class Box:
    """One state, by its centre."""

    state: State
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    """The name, in one or two lines."""
    loops: tuple[str, ...]
    """What happens without leaving the state."""


@dataclass(frozen=True, slots=True)
class Line:
    """All edges from one state to one other."""

    source: str
    target: str
    labels: tuple[str, ...]
    path: str
    """As in the `d` of an SVG path, from the source to the target."""
    label_at: tuple[float, float]
    back: bool
    """Whether it leads up or sideways, against the reading order."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole flow."""

    width: float
    height: float
    start: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    everywhere: tuple[Everywhere, ...]


@lru_cache(maxsize=8)
def draw(diagram: Diagram) -> Drawing:
    """Lay the flow out from top to bottom; a flow seen before is remembered."""
    layers = into_layers(diagram)
    lines_of = {state.name: set_name(state.name) for state in diagram.states}
    width = {v: 0.0 if v.waypoint else _box_width(lines_of[v.state]) for row in layers.rows for v in row}
    x = _columns(layers, width)
    y = {v: MARGIN + HEIGHT / 2 + v.row * (HEIGHT + GAP) for v in x}
    labels: dict[Pair, list[str]] = defaultdict(list)
    for edge in diagram.edges:
        labels[edge.source, edge.target].append(label(edge))
    boxes = tuple(
        Box(state, x[v], y[v], width[v], HEIGHT, lines_of[state.name], tuple(labels[state.name, state.name]))
        for state in diagram.states
        for v in x
        if v.state == state.name and not v.waypoint
    )
    ports = _ports(layers, x, width)
    lines = tuple(_line(pair, way, labels[pair], ports, y) for pair, way in layers.ways.items())
    return Drawing(
        width=max((x[v] + width[v] / 2 for v in x), default=0.0) + MARGIN,
        height=len(layers.rows) * (HEIGHT + GAP) - GAP + 2 * MARGIN,
        start=diagram.start,
        boxes=boxes,
        lines=lines,
        everywhere=diagram.everywhere,
    )


def label(edge: Edge | Everywhere) -> str:
    """`pick_option → held`, or the half of it that there is."""
    return " → ".join(filter(None, (edge.event, edge.outcome)))


def set_name(name: str) -> tuple[str, ...]:
    """A state's name in words, broken once, where the two lines come out most even."""
    words = name.replace("_", " ").split() or [name]
    if len(name) <= ONE_LINE or len(words) == 1:
        return (" ".join(words),)
    breaks = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    return min(breaks, key=lambda lines: max(map(len, lines)))


def _box_width(lines: Sequence[str]) -> float:
    return max(map(len, lines)) * LETTER + PADDING


def _columns(layers: Layers, width: dict[Vertex, float]) -> dict[Vertex, float]:
    """The x of every vertex: as near to its neighbours as the order of its row allows."""
    near: dict[Vertex, list[Vertex]] = defaultdict(list)
    for one, other in sorted(layers.steps()):
        near[one].append(other)
        near[other].append(one)
    x: dict[Vertex, float] = {}
    for row in layers.rows:
        room = _distances(row, width)
        x |= zip(row, (at - room[-1] / 2 for at in room), strict=True)
    for done in range(PASSES):
        for row in layers.rows if done % 2 else reversed(layers.rows):
            middle = (min(x.values()) + max(x.values())) / 2
            wishes = [_pull(v, near[v], x, middle) for v in row]
            x |= zip(row, _spread(wishes, _distances(row, width)), strict=True)
    left = min((x[v] - width[v] / 2 for v in x), default=0.0)
    return {vertex: at - left + MARGIN for vertex, at in x.items()}


def _pull(vertex: Vertex, neighbours: Sequence[Vertex], x: dict[Vertex, float], middle: float) -> float:
    """Where a vertex would like to be; one without lines stays with the others, whose drawing drifts."""
    weights = [TRUNK_PULL if n.waypoint or vertex.waypoint else 1.0 for n in neighbours]
    if not weights:
        return middle
    return sum(w * x[n] for w, n in zip(weights, neighbours, strict=True)) / sum(weights)


def _distances(row: Sequence[Vertex], width: dict[Vertex, float]) -> list[float]:
    """How far right of the first vertex each one must be at least."""
    gaps = ((width[a] + width[b]) / 2 + BESIDE for a, b in pairwise(row))
    return list(accumulate(gaps, initial=0.0))


def _spread(wishes: Sequence[float], distances: Sequence[float]) -> list[float]:
    """The places nearest to the wishes (least squares) that keep order and distances.

    With the distances taken off, this is isotonic regression: neighbours that would overlap are
    pooled, and a pool stands at its members' mean.
    """
    pools: list[list[float]] = []
    for wish, distance in zip(wishes, distances, strict=True):
        pools.append([wish - distance])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    places = [_mean(pool) for pool in pools for _ in pool]
    return [place + distance for place, distance in zip(places, distances, strict=True)]


def _mean(pool: Sequence[float]) -> float:
    return sum(pool) / len(pool)


def _ports(
    layers: Layers, x: dict[Vertex, float], width: dict[Vertex, float]
) -> dict[tuple[Vertex, Vertex, bool], float]:
    """Where each step leaves (True) and enters (False): spread along the side in the others' order."""
    sides: dict[tuple[Vertex, bool], list[tuple[float, Vertex, Vertex, bool]]] = defaultdict(list)
    for one, other in layers.steps():
        sides[one, other.row >= one.row].append((x[other], one, other, True))
        sides[other, one.row >= other.row].append((x[one], one, other, False))
    ports = {}
    for (vertex, _), touching in sides.items():
        step = min(14.0, width[vertex] * 0.7 / len(touching))
        first = x[vertex] - step * (len(touching) - 1) / 2
        for index, (_, one, other, leaves) in enumerate(sorted(touching)):
            ports[one, other, leaves] = first + index * step
    return ports


def _line(
    pair: Pair,
    way: Sequence[Vertex],
    labels: Sequence[str],
    ports: dict[tuple[Vertex, Vertex, bool], float],
    y: dict[Vertex, float],
) -> Line:
    """One smooth path through all waypoints, bending only between rows."""
    drawn: list[str] = []
    middles: list[tuple[float, float]] = []
    for one, other in pairwise(way):
        x0, x1 = ports[one, other, True], ports[one, other, False]
        down = 1.0 if other.row >= one.row else -1.0
        y0 = y[one] + down * HEIGHT / 2
        sideways = one.row == other.row
        y1 = y0 if sideways else y[other] - down * HEIGHT / 2
        bend = y0 + GAP * 0.8 if sideways else (y0 + y1) / 2
        drawn.append(f"{'L' if drawn else 'M'}{x0:.1f},{y0:.1f}")
        drawn.append(f"C{x0:.1f},{bend:.1f} {x1:.1f},{bend:.1f} {x1:.1f},{y1:.1f}")
        middles.append(((x0 + x1) / 2, y0 + GAP * 0.6 if sideways else bend))
    return Line(*pair, tuple(labels), " ".join(drawn), middles[0], back=way[-1].row <= way[0].row)
