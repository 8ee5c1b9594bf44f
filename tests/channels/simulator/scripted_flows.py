"""Two flows as graphs, of the size and the tangle of the real ones, for the scripted desk to walk."""

from __future__ import annotations

from channels.simulator.desk import Diagram, Edge, Everywhere, Kind, State

CLIENT_STATES = """
rest idle: Nothing is going on; the client may begin anything.
pass next_question: Asks for the first thing still unknown.
pass browsing_times: Looks for free times for somebody who wants to see them first.
ask choosing_service_type: The client says where to meet.
ask choosing_service: The client says what the appointment is for.
ask choosing_time: The client sees up to ten free times and picks one.
pass holding_slot: Keeps the chosen time for this client while the rest is settled.
ask giving_address: The therapist travels, so the client says where to.
ask confirming: The booking is read out once more; "yes" sends it to the therapist.
ask changing: Something of the booking is not right; the client says what.
pass letting_go: The client fell silent, so the time is free again for others.
ask waiting_for_therapist: The request is with the therapist.
ask choosing_appointment: The client has several appointments and says which one to cancel.
ask confirming_cancellation: Nothing is cancelled before the client has said yes to it.
ask with_a_person: The practice has been asked to get in touch.
ask stopped: The client asked for no more messages.
"""

CLIENT_EDGES = """
idle > next_question: book.appointment/noted give.time/noted give.service/noted
idle > browsing_times: check.availability/noted
idle > confirming_cancellation: cancel/one
idle > choosing_appointment: cancel/several
next_question > choosing_service_type: /type_missing
next_question > choosing_service: /service_missing
next_question > choosing_time: /time_missing /time_not_free
next_question > idle: /nothing_free
next_question > holding_slot: /complete
browsing_times > choosing_time: /found /not_free
browsing_times > idle: /none
choosing_service_type > next_question: pick_option/noted give.service_type/noted
choosing_service_type > idle: after_2h
choosing_service_type > with_a_person: misheard_×3
choosing_service > next_question: pick_option/noted give.service/noted
choosing_service > idle: after_2h
choosing_service > with_a_person: misheard_×3
choosing_time > next_question: pick_option/noted give.time/noted
choosing_time > browsing_times: check.availability/noted
choosing_time > choosing_time: other.options/found
choosing_time > idle: after_2h
choosing_time > with_a_person: misheard_×3
holding_slot > confirming: /held
holding_slot > giving_address: /address_missing
holding_slot > choosing_time: /taken
holding_slot > idle: /too_many
giving_address > holding_slot: give.address/noted
giving_address > letting_go: after_10m
confirming > waiting_for_therapist: yes/sent
confirming > choosing_time: yes/taken
confirming > changing: no/released
confirming > letting_go: after_10m
confirming > with_a_person: misheard_×3
changing > next_question: give.time/noted
changing > browsing_times: other.options/noted
changing > idle: no after_2h
letting_go > idle: /released /nothing_held
waiting_for_therapist > idle: approved/current declined/current request_expired/expired cancel/withdrawn
waiting_for_therapist > next_question: give.time/noted
choosing_appointment > confirming_cancellation: pick_option/picked
choosing_appointment > idle: no after_2h
choosing_appointment > with_a_person: misheard_×3
confirming_cancellation > idle: yes/cancelled yes/gone no after_2h
confirming_cancellation > with_a_person: misheard_×3
with_a_person > idle: after_24h
"""

THERAPIST_STATES = """
rest idle: Nothing is asked of the therapist; requests and questions may come.
ask choosing_request: Several requests are waiting, so the therapist says which one was meant.
ask giving_reason: The therapist may add a word to a refusal.
"""

THERAPIST_EDGES = """
idle > choosing_request: approve/which_one decline/which_one
idle > giving_reason: decline/declined
choosing_request > idle: pick_option/approved after_1h
choosing_request > giving_reason: pick_option/declined
giving_reason > idle: give.reason/noted after_10m
"""

KINDS: dict[str, Kind] = {"rest": "rest", "ask": "ask", "pass": "pass"}


def diagrams() -> dict[str, Diagram]:
    return {
        "client": Diagram(
            start="idle",
            states=_states(CLIENT_STATES),
            edges=_edges(CLIENT_EDGES),
            everywhere=(
                Everywhere("help"),
                Everywhere("misheard"),
                Everywhere("human", "called", "with_a_person"),
                Everywhere("stop", "opted_out", "stopped"),
                Everywhere("start", "opted_in", "idle"),
            ),
        ),
        "therapist": Diagram(
            start="idle",
            states=_states(THERAPIST_STATES),
            edges=_edges(THERAPIST_EDGES),
            everywhere=(Everywhere("request_arrived", "read"), Everywhere("my.day", "listed")),
        ),
    }


def _states(text: str) -> tuple[State, ...]:
    states = []
    for line in text.strip().splitlines():
        head, about = line.split(": ", 1)
        kind, name = head.split()
        states.append(State(name, about, KINDS[kind]))
    return tuple(states)


def _edges(text: str) -> tuple[Edge, ...]:
    edges = []
    for line in text.strip().splitlines():
        ends, labels = line.split(": ", 1)
        source, target = ends.split(" > ")
        for label in labels.split():
            event, _, outcome = label.partition("/")
            edges.append(
                Edge(source, target, event.replace("_", " ") if "after" in event else event, outcome)
            )
    return tuple(edges)
