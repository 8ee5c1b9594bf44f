"""The web application: webhooks, health, and for demonstrations the simulator."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from hmac import compare_digest
from ipaddress import ip_address
from time import perf_counter

import structlog
from quart import Blueprint, Quart, Response, g, request
from werkzeug.exceptions import HTTPException

from app.calendar_feed import calendar_feed
from app.delivery_news import DeliveryNotes
from app.floods import FloodGate
from app.metrics import CONTENT_TYPE, Metrics
from app.reconciler import Reconciler
from app.settings import NotSetUp, Settings
from app.wiring import Product
from channels.floods import Limits, hops_of
from channels.route import Route
from channels.twilio_account import TwilioAccount
from channels.twilio_listing import Listing
from channels.webhooks import LARGEST_BODY, Webhooks
from engine.errors import TryAgain
from storage.link import NotReady

CHALLENGE = re.compile(r"[0-9a-f]{32}")

log = structlog.get_logger("web")


def web_app(product: Product, account: TwilioAccount, listing: Listing | None = None) -> Quart:
    """The application around a product that has been put together.

    `listing`: Twilio's list of messages, to catch up on what never arrived.
    """
    app = Quart(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    route = Route(product.practice, one_number=account.has_one_number)
    gate = FloodGate(product.turns, product.storage, product.screen, product.metrics, product.clock)
    if listing is not None:
        product.work_beside("reconciler", reconciler(product, listing, gate, route).run)
    webhooks = Webhooks(
        account,
        intake=gate,
        route=route,
        news=DeliveryNotes(product, account),
        now=product.clock,
        limits=limits_of(product.settings),
    )
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(calendar_feed(product, limits_of(product.settings)))
    app.register_blueprint(health(product))
    app.register_blueprint(metrics(product))
    measure(app, product.metrics)
    app.register_error_handler(Exception, _broken)

    @app.while_serving
    async def work() -> AsyncGenerator[None, None]:
        product.start()
        yield
        await product.stop()

    return app


def reconciler(product: Product, listing: Listing, gate: FloodGate, route: Route) -> Reconciler:
    """What catches up on messages that never arrived."""
    settings = product.settings
    return Reconciler(
        listing,
        product.storage.inbox,
        gate,
        route.flow_of,
        product.clock,
        oldest_seconds=settings.catch_up_hours * 3600,
        every_seconds=settings.catch_up_every_seconds,
        most_each=settings.answers_per_minute,
        missed=product.metrics.missed.inc,
    )


def limits_of(settings: Settings) -> Limits:
    """How much is too much, as it is set."""
    return Limits(
        refusals_per_minute=settings.refusals_per_minute,
        answers_per_minute=settings.answers_per_minute,
        messages_per_hour=settings.messages_per_hour,
        trusted_proxies=settings.trusted_proxies,
    )


def health(product: Product) -> Blueprint:
    """`/healthz`: the process answers. `/readyz`: it can do its work. `/webhook/echo`: it is this one."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    async def healthz() -> Response:
        return Response("ok\n", content_type="text/plain")

    @blueprint.get("/readyz")
    async def readyz() -> Response:
        try:
            await product.storage.ready()
            product.practice()
        except (TryAgain, NotReady, NotSetUp) as error:
            return Response(f"{error}\n", status=503, content_type="text/plain")
        return Response("ready\n", content_type="text/plain")

    @blueprint.get("/webhook/echo")
    async def echo() -> Response:
        """Who asks for the public address learns whether it leads here, and by how many proxies."""
        challenge = request.args.get("challenge", "")
        if not CHALLENGE.fullmatch(challenge):
            return Response("The challenge has to be 32 hexadecimal digits.\n", status=400)
        hops = len(hops_of(request.headers.getlist("X-Forwarded-For")))
        return Response(f"{product.storage.prove(challenge)} {hops}\n", content_type="text/plain")

    return blueprint


def metrics(product: Product) -> Blueprint:
    """`/metrics`, for whoever has the token; without a token only for this machine itself."""
    blueprint = Blueprint("metrics", __name__)
    token = product.settings.metrics_token.get_secret_value()

    @blueprint.get("/metrics")
    async def page() -> Response:
        if not (_bears(token) if token else _comes_from_here()):
            return Response("Set METRICS_TOKEN and send it as a bearer token.\n", status=403)
        return Response(
            await product.metrics.page(product.storage, product.clock()), content_type=CONTENT_TYPE
        )

    return blueprint


def _bears(token: str) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return compare_digest(given.encode(), token.encode())


def _comes_from_here() -> bool:
    """Whether it was asked for on this machine: not through a proxy, which would say so."""
    is_forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "Via"))
    try:
        return not is_forwarded and ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def measure(app: Quart, metrics: Metrics) -> None:
    """Count and time every request that has a route of ours."""

    @app.before_request
    async def begin() -> None:
        g.began = perf_counter()

    @app.after_request
    async def end(response: Response) -> Response:
        if request.url_rule is not None:
            metrics.acknowledged(request.url_rule.rule, response.status_code, g.began)
        return response


async def _broken(error: Exception) -> Response | HTTPException:
    """The web's one broad handler: whatever nobody expected is written down, and says nothing outside."""
    if isinstance(error, HTTPException):
        return error
    log.error("request failed", kind=type(error).__name__, exc_info=error)
    return Response("Something went wrong here; it has been noted.\n", status=500, content_type="text/plain")
