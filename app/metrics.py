"""What is counted and measured, in Prometheus' format at `GET /metrics`.

No label may ever hold what somebody said, nor who it was: labels are names from our own code and files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Literal, TypeAlias

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

from app.deliveries import Channel
from engine.errors import ChannelError, DeliveryDeferred, DeliveryRefused
from storage.owed import Owed
from storage.store import Storage

__all__ = ["CONTENT_TYPE", "MeasuredChannel", "Metrics"]

Part: TypeAlias = Literal["reading", "transaction", "sending"]
"""What takes time on the way from a message to its answer."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # as many lines again, and nobody asks
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Everything that is measured of one product. Each product has its own: tests run many in a process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.turns = self._counter("turns", "Turns by flow and by how they ended", "flow", "end")
        self.readings = self._counter("readings", "Messages by the classifier that read them", "classifier")
        self.classifier_failures = self._counter("classifier_failures", "Readings that Dialogflow failed at")
        self.set_aside = self._gauge("classifier_set_aside", "1 while the circuit breaker spares Dialogflow")
        self.floods = self._counter("floods", "Messages of people who write too fast, by how fast", "pace")
        self.sendings = self._counter("sendings", "Messages handed over, by what came of it", "result")
        self.refusals = self._counter(
            "sending_refusals", "Messages that will not be sent, by Twilio's code", "code"
        )
        self.resting = self._gauge("numbers_resting", "Our numbers that rest, as Twilio turned them away")
        self.missed = self._counter("missed_messages", "Messages fetched that Twilio could not hand over")
        self.reports = self._counter(
            "delivery_reports", "Reports of deliveries by status and error code", "status", "code"
        )
        self.requests = self._counter("requests", "Requests by route and status", "route", "status")
        self._parts = self._histogram("part_seconds", "How long each part of answering took", "part")
        self._acknowledging = self._histogram("request_seconds", "How long requests took", "route")
        self._waiting = self._gauge("queue_length", "What waits, by queue", "queue")
        self._oldest = self._gauge("queue_oldest_seconds", "For how long the oldest has waited", "queue")
        self._connections = self._gauge("database_connections", "Connections by what they do", "use")

    @contextmanager
    def timed(self, part: Part) -> Iterator[None]:
        """Measure a part, also if it fails."""
        with self._parts.labels(part).time():
            yield

    def acknowledged(self, route: str, status: int, began: float) -> None:
        """A request was answered; `began` by `perf_counter`."""
        self.requests.labels(route, status).inc()
        self._acknowledging.labels(route).observe(perf_counter() - began)

    async def page(self, storage: Storage, now: int) -> bytes:
        """All of it as text; asks the database how long its queues are. Raises TryAgain."""
        for name, queue in (await storage.queues.all()).items():
            self._waiting.labels(name).set(queue.length)
            self._oldest.labels(name).set(0 if queue.oldest_at is None else max(0, now - queue.oldest_at))
        for use, number in storage.connections.items():
            self._connections.labels(use).set(number)
        return generate_latest(self._registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, namespace="therapy_booking", registry=self._registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, namespace="therapy_booking", registry=self._registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(
            name, about, labels, namespace="therapy_booking", registry=self._registry, buckets=_SECONDS
        )


class MeasuredChannel:
    """A channel whose sendings are measured and counted."""

    def __init__(self, channel: Channel, metrics: Metrics) -> None:
        self._channel = channel
        self._metrics = metrics

    async def send(self, owed: Owed) -> str:
        """See app.deliveries.Channel."""
        result = "sent"
        try:
            with self._metrics.timed("sending"):
                return await self._channel.send(owed)
        except DeliveryDeferred:
            result = "deferred"
            raise
        except DeliveryRefused as error:
            result = "refused"
            self._metrics.refusals.labels(str(error.code or "")).inc()
            raise
        except ChannelError:
            result = "unknown"
            raise
        finally:
            self._metrics.sendings.labels(result).inc()

    async def look_for(self, owed: Owed) -> Sequence[str]:
        """See app.settling.Looking."""
        return await self._channel.look_for(owed)

    def sender(self, flow: str) -> str:
        """See app.deliveries.Channel."""
        return self._channel.sender(flow)
