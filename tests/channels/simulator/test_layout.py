"""The drawing of a flow: nothing overlaps, nothing is lost, whatever the flow looks like."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.simulator.desk import Diagram, Edge, State
from channels.simulator.layers import crossings, into_layers
from channels.simulator.layout import HEIGHT, Box, Drawing, draw, set_name
from tests.channels.simulator.scripted_flows import diagrams

NAMES = st.text("abcdefghij_", min_size=1, max_size=24)


@st.composite
def flows(draw_one: st.DrawFn) -> Diagram:
    names = draw_one(st.lists(NAMES, min_size=1, max_size=12, unique=True))
    one = st.sampled_from(names)
    edges = draw_one(
        st.lists(st.builds(Edge, one, one, st.just("heard"), st.sampled_from(["", "done"])), max_size=40)
    )
    return Diagram(start=draw_one(one), states=tuple(map(State, names)), edges=tuple(edges))


@settings(deadline=None)  # other tests may share the processor
@given(flows())
def test_no_two_states_overlap_and_all_lie_inside(flow: Diagram) -> None:
    drawing = draw(flow)
    assert {box.state.name for box in drawing.boxes} == {state.name for state in flow.states}
    for one, other in combinations(drawing.boxes, 2):
        apart_x = abs(one.x - other.x) >= (one.width + other.width) / 2
        apart_y = abs(one.y - other.y) >= (one.height + other.height) / 2
        assert apart_x or apart_y, (one, other)
    for box in drawing.boxes:
        assert box.width / 2 <= box.x <= drawing.width - box.width / 2
        assert box.height / 2 <= box.y <= drawing.height - box.height / 2


@settings(deadline=None)  # other tests may share the processor
@given(flows())
def test_every_edge_is_drawn_once_from_its_source_to_its_target(flow: Diagram) -> None:
    drawing = draw(flow)
    boxes = {box.state.name: box for box in drawing.boxes}
    expected = {(edge.source, edge.target) for edge in flow.edges if edge.source != edge.target}
    assert sorted((line.source, line.target) for line in drawing.lines) == sorted(expected)
    assert sum(len(line.labels) for line in drawing.lines) + sum(
        len(box.loops) for box in drawing.boxes
    ) == len(flow.edges)
    for line in drawing.lines:
        points = points_of(line.path)
        assert on_edge_of(boxes[line.source], points[0])
        assert on_edge_of(boxes[line.target], points[-1])


@settings(deadline=None)  # other tests may share the processor
@given(flows())
def test_no_line_runs_through_a_state_that_it_does_not_belong_to(flow: Diagram) -> None:
    drawing = draw(flow)
    for line in drawing.lines:
        strangers = [box for box in drawing.boxes if box.state.name not in (line.source, line.target)]
        for x, y in samples(line.path):
            for box in strangers:
                inside_x = abs(x - box.x) < box.width / 2 - 0.1
                inside_y = abs(y - box.y) < box.height / 2 - 0.1
                assert not (inside_x and inside_y), (line, box)


def test_the_start_stands_on_top_and_reading_goes_down() -> None:
    drawing = draw(diagrams()["client"])
    y = {box.state.name: box.y for box in drawing.boxes}
    assert all(y["idle"] < other for name, other in y.items() if name != "idle")
    assert y["next_question"] < y["choosing_time"] < y["confirming"] < y["waiting_for_therapist"]
    backs = {(line.source, line.target) for line in drawing.lines if line.back}
    assert ("choosing_time", "next_question") in backs
    assert ("confirming", "waiting_for_therapist") not in backs


def test_a_flow_of_real_size_stays_legible() -> None:
    """Fits beside two phones without shrinking, and its lines cross less than in reading order."""
    drawing = draw(diagrams()["client"])
    assert drawing.width < 760
    assert drawing.height < 620
    layers = into_layers(diagrams()["client"])
    steps = sorted(layers.steps())
    unordered = [sorted(row) for row in layers.rows]
    assert crossings(layers.rows, steps) < crossings(unordered, steps) / 2


def test_a_state_without_lines_costs_no_room() -> None:
    flow = diagrams()["client"]
    without = replace(flow, states=tuple(state for state in flow.states if state.name != "stopped"))
    assert draw(flow).width <= draw(without).width


def test_the_same_flow_is_drawn_the_same_way_every_time() -> None:
    drawings: list[Drawing] = [draw.__wrapped__(diagrams()["client"]) for _ in range(2)]
    assert drawings[0] == drawings[1]


def test_long_names_are_broken_where_the_lines_come_out_even() -> None:
    assert set_name("idle") == ("idle",)
    assert set_name("waiting_for_therapist") == ("waiting for", "therapist")
    assert set_name("unbreakablysinglename") == ("unbreakablysinglename",)


def points_of(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path)]


def samples(path: str) -> list[tuple[float, float]]:
    """Points along the path: its straight pieces and its cubic curves."""
    found: list[tuple[float, float]] = []
    at = (0.0, 0.0)
    for command, rest in re.findall(r"([MLC])([^MLC]*)", path):
        points = points_of(rest)
        steps = [i / 20 for i in range(21)]
        if command == "C":
            curve = [at, *points]
            weights = [((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3) for t in steps]
            found += [
                (
                    sum(w * p[0] for w, p in zip(ws, curve, strict=True)),
                    sum(w * p[1] for w, p in zip(ws, curve, strict=True)),
                )
                for ws in weights
            ]
        elif command == "L":
            found += [(at[0] + (points[0][0] - at[0]) * t, at[1] + (points[0][1] - at[1]) * t) for t in steps]
        at = points[-1]
    return found


def on_edge_of(box: Box, point: tuple[float, float]) -> bool:
    x, y = point
    return abs(x - box.x) <= box.width / 2 and abs(abs(y - box.y) - HEIGHT / 2) < 0.2
