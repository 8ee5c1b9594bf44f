"""The web application: webhooks, health, and for demonstrations the simulator."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import structlog
from quart import Blueprint, Quart, Response
from werkzeug.exceptions import HTTPException

from app.settings import NotSetUp
from app.wiring import Product
from channels.inbound import DeliveryStatus
from channels.route import Route
from channels.twilio_account import TwilioAccount
from channels.twilio_errors import Remedy
from channels.webhooks import LARGEST_BODY, Webhooks
from engine.errors import TryAgain
from storage.link import NotReady

log = structlog.get_logger("web")


class StatusNotes:
    """Writes down what Twilio reports of deliveries."""

    def __init__(self, product: Product) -> None:
        self._product = product

    async def note(self, status: DeliveryStatus) -> None:
        """See channels.ports.DeliveryNews."""
        outbox = self._product.storage.outbox
        if status.remedy is not Remedy.TEMPLATE:
            await outbox.note_status(status.sid, status.outbox_id, status.status, status.error_code)
            return
        returned, now = self._product.storage.returned, self._product.clock()
        if await returned.send_as_template(status.sid, status.outbox_id, now):
            log.warning("sent too late for free text; it goes out as a template", outbox=status.outbox_id)
            self._product.turns.owing.set()
        # By Twilio's name alone: our number would also fit old news of what came back before.
        elif await outbox.note_status(status.sid, None, status.status, status.error_code):
            log.error("a template came back as too late", outbox=status.outbox_id, code=status.error_code)


def web_app(product: Product, account: TwilioAccount) -> Quart:
    """The application around a product that has been put together."""
    app = Quart(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    route = Route(product.practice, one_number=account.has_one_number)
    webhooks = Webhooks(
        account, intake=product.turns, route=route, news=StatusNotes(product), now=product.clock
    )
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(health(product))
    app.register_error_handler(Exception, _broken)

    @app.while_serving
    async def work() -> AsyncGenerator[None, None]:
        product.start()
        yield
        await product.stop()

    return app


def health(product: Product) -> Blueprint:
    """`/healthz`: the process answers. `/readyz`: it can do its work."""
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

    return blueprint


async def _broken(error: Exception) -> Response | HTTPException:
    """The web's one broad handler: whatever nobody expected is written down, and says nothing outside."""
    if isinstance(error, HTTPException):
        return error
    log.error("request failed", kind=type(error).__name__, exc_info=error)
    return Response("Something went wrong here; it has been noted.\n", status=500, content_type="text/plain")
