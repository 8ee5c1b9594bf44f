"""Commands that listen: `serve` with real accounts, `demo` with none."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import socket
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
import typer
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from quart import Quart

from app.accounts import twilio_account
from app.approvals import Approvals
from app.chat import handed_over
from app.desk import SimulatorDesk
from app.logs import set_up_logs
from app.settings import NotSetUp, Settings
from app.web import web_app
from app.whatsapp_delivery import WhatsAppDelivery
from app.wiring import product
from channels.content_api import ContentApi
from channels.simulator.blueprint import Simulator
from channels.twilio_account import TwilioAccount
from channels.whatsapp import WhatsApp
from engine.errors import TherapyBookingError
from flows.templates import unapproved

log = structlog.get_logger("serving")


class BrokenDown(TherapyBookingError):
    """The background work ended by a mistake; the log says which. Start again: nothing is lost."""


async def serve_forever(settings: Settings) -> None:
    """Serve until a signal comes. Raises NotSetUp when the accounts are not complete."""
    missing = settings.missing_for_whatsapp()
    if settings.db_host and not settings.secret_key.get_secret_value():
        missing.append("SECRET_KEY")
    if missing:
        raise NotSetUp(f"Not set: {', '.join(missing)}. See .env.example; `demo` needs no account.")
    set_up_logs(debug=settings.debug)
    async with AsyncExitStack() as stack:
        twilio = twilio_account(settings)
        whatsapp = await stack.enter_async_context(WhatsApp(twilio))
        running = await stack.enter_async_context(
            product(settings, lambda storage, clock: WhatsAppDelivery(whatsapp, twilio, storage, clock))
        )
        running.practice()
        api = await stack.enter_async_context(ContentApi(twilio))
        approvals = Approvals(api, running.storage.contents, settings.approvals_every_seconds)
        running.work_beside("approvals", approvals.run)
        made = await running.storage.contents.all()
        if missing := unapproved(running.flow_file.flows, running.flow_file.texts, made):
            advice = (
                "run `therapy-booking templates push`; `templates status` tells what WhatsApp says of them"
            )
            log.warning("templates not approved", texts=missing, advice=advice)
        log.info(
            "serving",
            address=f"{settings.host}:{settings.port}",
            database=f"{settings.db_host}:{settings.db_port}" if settings.db_host else "SQLite",
            classifier="Dialogflow" if settings.asks_dialogflow else "offline",
        )
        app = web_app(running, twilio, whatsapp.listing)
        await _listen(app, settings.host, settings.port, running.broken)


async def demonstrate(settings: Settings, port: int) -> None:
    """Serve the simulator on this machine only, with a practice of its own that is forgotten afterwards."""
    set_up_logs(debug=settings.debug, quiet=True)
    with tempfile.TemporaryDirectory(prefix="therapy-booking-") as folder:
        own = settings.model_copy(
            update={
                "sqlite_path": Path(folder) / "demo.sqlite3",
                "db_host": None,
                "calendar_url": f"http://127.0.0.1:{port}/webhook/calendar",
            }
        )
        async with product(own, handed_over, demonstration=True) as running:
            app = web_app(running, TwilioAccount())
            simulator = Simulator(SimulatorDesk(running))
            app.register_blueprint(simulator.blueprint)
            _check_free("127.0.0.1", port)
            typer.echo(
                f"\n  Two phones and a state machine: open http://127.0.0.1:{port}\n  Ctrl-C stops it.\n"
            )
            await _listen(app, "127.0.0.1", port, running.broken, at_stop=simulator.close)


def _check_free(host: str, port: int) -> None:
    """Raise NotSetUp, saying why, if nothing can listen there."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        advice = " Try another port." if error.errno == errno.EADDRINUSE else ""
        raise NotSetUp(f"Nothing can listen at {host}:{port}: {error.strerror}.{advice}") from None


async def _listen(
    app: Quart, host: str, port: int, broken: asyncio.Event, at_stop: Callable[[], None] = lambda: None
) -> None:
    """Listen until a signal comes or the background work breaks; `at_stop` ends what would never end."""
    config = Config()
    config.bind = [f"{host}:{port}"]
    config.accesslog = None
    config.loglevel = "WARNING"
    config.graceful_timeout = 5
    config.keep_alive_timeout = 75  # longer than common proxies', so that none meets a closed connection
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    ends = [asyncio.create_task(stop.wait()), asyncio.create_task(broken.wait())]

    async def stopped() -> None:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        at_stop()

    _check_free(host, port)
    # All this is there to stay; looking through it for garbage would stop every turn for 50 ms now and then.
    gc.collect()
    gc.freeze()
    try:
        await hypercorn_serve(app, config, shutdown_trigger=stopped)
    finally:
        for end in ends:
            end.cancel()
    if broken.is_set():
        raise BrokenDown
