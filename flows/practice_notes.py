"""What of a practice file is allowed and probably not meant: whoever loads it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from storage.practice import PracticeData, Service, Therapist


def notes_on(data: PracticeData) -> Iterator[str]:
    """One sentence for each oddity, with what follows from it."""
    offered = {offer.service for one in data.therapists for offer in one.offers}
    for service in data.services:
        if service.code not in offered:
            yield f"Nobody gives `{service.code}`, so it is never offered."
    for name, count in Counter(one.name for one in data.therapists).items():
        if count > 1:
            yield f"{count} therapists are called {name}, so clients cannot tell them apart."
    for therapist in data.therapists:
        yield from _of_therapist(therapist, data.services)


def _of_therapist(therapist: Therapist, services: tuple[Service, ...]) -> Iterator[str]:
    lengths = [one.until_minute - one.from_minute for one in therapist.hours]
    lengths += [one.until_minute - one.from_minute for one in therapist.dates]
    if not any(lengths):
        yield f"`{therapist.code}` has no hours, so nobody can book them."
        return
    lasting = {service.code: service.minutes for service in services}
    shortest = min((offer.minutes or lasting[offer.service] for offer in therapist.offers), default=0)
    if max(lengths) < shortest:
        yield f"All hours of `{therapist.code}` are shorter than the {shortest} minutes of a session."
    if therapist.most_a_day and therapist.most_a_week and therapist.most_a_day > therapist.most_a_week:
        yield f"`most_a_day` of `{therapist.code}` is more than `most_a_week`, so it never counts."
