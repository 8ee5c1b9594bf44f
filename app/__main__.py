"""The command line: `therapy-booking`, or `python -m app`."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from app.settings import BadSettings, Settings
from engine.errors import FlowError, TherapyBookingError, TryAgain

T = TypeVar("T")

LOOK_FOR_GARBAGE_AFTER = 50_000
"""New objects. Nearly all that a start makes is there to stay, and Python would look through it again and
again: with its own 700 a start takes a fifth longer."""

app = typer.Typer(
    name="therapy-booking",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a plain traceback, without the values that somebody wrote
    add_completion=False,
)
db = typer.Typer(help="The database.", no_args_is_help=True)
flows_app = typer.Typer(help="The conversations.", no_args_is_help=True)
consent_app = typer.Typer(help="Who wants messages, and who wants none.", no_args_is_help=True)
outbox_app = typer.Typer(
    help="Messages of which nobody knows whether they were sent, or that failed.", no_args_is_help=True
)
practice_app = typer.Typer(help="The practice: therapists, services, hours.", no_args_is_help=True)
nlu_app = typer.Typer(help="The Dialogflow agent.", no_args_is_help=True)
templates_app = typer.Typer(help="What WhatsApp has to approve before it is sent.", no_args_is_help=True)
therapist_app = typer.Typer(help="Therapists: their PIN, and what they have read.", no_args_is_help=True)
app.add_typer(db, name="db")
app.add_typer(flows_app, name="flows")
app.add_typer(practice_app, name="practice")
app.add_typer(nlu_app, name="nlu")
app.add_typer(templates_app, name="templates")
app.add_typer(consent_app, name="consent")
app.add_typer(outbox_app, name="outbox")
app.add_typer(therapist_app, name="therapist")


def show_version(wanted: bool) -> None:  # noqa: FBT001  # a flag
    """Tell which version this is."""
    if wanted:
        typer.echo(f"therapy-booking {version('therapy-booking')}")
        raise typer.Exit


@app.callback()
def _program(
    _version: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--version", help="Tell the version.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Appointments on WhatsApp: conversations as state machines, bookings that cannot overlap."""


def moment(text: str) -> datetime:
    """A time as ISO 8601 writes it."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write it like 2026-03-02T09:00:00 or 2026-03-02T09:00:00+01:00") from None


Now = Annotated[
    datetime | None,
    typer.Option(
        parser=moment,
        metavar="ISO8601",
        help="Begin at this time; without an offset it is the practice's local time.",
    ),
]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="Read and write one JSON object a line.")]


def refuse(error: Exception) -> NoReturn:
    """Say what is wrong and what to do, and end with exit code 1."""
    typer.secho(str(error), err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


@app.command()
def serve() -> None:
    """Serve the webhooks, take turns and send messages, until stopped."""
    from app.serving import serve_forever

    _run(serve_forever)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="On which port of this machine.", min=1, max=65535)] = 8000,
) -> None:
    """Show everything in a browser, without any account: two phones and the live state machine."""
    from app.serving import demonstrate

    _run(lambda settings: demonstrate(settings, port))


@app.command()
def doctor() -> None:
    """Look whether everything is set up as it has to be. Exit code 1 when something is to be mended."""
    from app.doctor.visit import visit

    _finish(lambda: visit(*Settings.read_all()))


@app.command()
def chat(jsonl: Jsonl = False, now: Now = None) -> None:  # noqa: FBT002  # a flag
    """Talk in the terminal: the same turns, on the configured database, with the configured classifier."""
    from app.talking import talk

    _run(lambda settings: talk(settings, jsonl=jsonl, now=now))


@app.command()
def understand(jsonl: Jsonl = False, now: Now = None) -> None:  # noqa: FBT002  # a flag
    """Tell what the configured classifier makes of each line."""
    from app.talking import explain

    _run(lambda settings: explain(settings, jsonl=jsonl, now=now))


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database's schema up to date. Safe to repeat."""
    from app.data_store import database_settings, upgrade

    _run(lambda settings: upgrade(database_settings(settings)))
    typer.echo("The database is up to date.")


@flows_app.command("check")
def flows_check(
    file: Annotated[
        Path | None, typer.Argument(help="Which file; the one in force (FLOWS_PATH) if none is named.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="List the mistakes as JSON.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """Find the mistakes in a flow file. Exit code 1 when there are any."""
    from app.flow_file import FlowFile
    from flows.consent.screen import ConsentScreen
    from flows.safety.screen import CrisisScreen
    from flows.vocabulary import load_understanding

    issues = []
    try:
        settings = Settings.read()
        file = file or settings.flows_path
        vocabulary = load_understanding(settings.understanding_path).vocabulary
        FlowFile(file, settings.texts_path, vocabulary)
        CrisisScreen.load()
        ConsentScreen.load()
    except FlowError as error:
        issues = list(error.issues)
    except BadSettings as error:
        refuse(error)
    assert file is not None  # noqa: S101  # named, or taken from the settings
    if as_json:
        typer.echo(json.dumps([issue.as_json() for issue in issues], indent=2, ensure_ascii=False))
    elif issues:
        for issue in issues:
            typer.echo(str(issue))
        files = ", ".join(sorted({Path(issue.file).name for issue in issues}))
        typer.secho(f"{len(issues)} to mend in {files}.", err=True, fg=typer.colors.RED)
    else:
        typer.echo(f"{file.name} is good.")
    if issues:
        raise typer.Exit(1)


@practice_app.command("load")
def practice_load(
    file: Annotated[Path, typer.Argument(help="A practice file, see flows/practice.example.yaml.")],
) -> None:
    """Load therapists, services and weekly hours; what was loaded before is replaced."""
    from app.practice_load import load_practice

    _run(lambda settings: load_practice(settings, file))


@nlu_app.command("push")
def nlu_push(
    train: Annotated[bool, typer.Option("--train", help="Have it learn even if nothing is new.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """Bring the agent in line with flows/understanding.yaml. Safe to repeat; deletes nothing."""
    from app.nlu import push_nlu

    _run(lambda settings: push_nlu(settings, train=train))


@nlu_app.command("diff")
def nlu_diff() -> None:
    """Tell how the agent differs from flows/understanding.yaml. Exit code 1 when it does."""
    from app.nlu import diff_nlu

    if _run(diff_nlu):
        raise typer.Exit(1)


@nlu_app.command("pull-phrases")
def nlu_pull_phrases() -> None:
    """Print training phrases that only the agent has, to be pasted into flows/understanding.yaml."""
    from app.nlu import pull_phrases

    _run(pull_phrases)


@templates_app.command("push")
def templates_push() -> None:
    """Make the templates, buttons and lists that the flows need, and ask for approval. Safe to repeat."""
    from app.templates import push_templates

    _run(push_templates)


@templates_app.command("status")
def templates_status() -> None:
    """Tell what WhatsApp says of each template, and keep it for the server."""
    from app.templates import show_templates

    _run(show_templates)


MessageId = Annotated[int, typer.Argument(metavar="ID", help="The message's number.", min=1, max=2**63 - 1)]


@outbox_app.command("unknown")
def outbox_unknown(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,  # noqa: FBT002  # a flag
    show: Annotated[  # noqa: FBT002  # as above
        bool, typer.Option("--show", help="Also to whom and what: personal, for this terminal only.")
    ] = False,
) -> None:
    """List the messages in doubt; those that Twilio's list shows are settled without you."""
    from app.outbox_desk import list_unknown

    _run(lambda settings: list_unknown(settings, as_json=as_json, show=show))


@outbox_app.command("failed")
def outbox_failed(
    days: Annotated[int, typer.Option(help="Owed within so many days.", min=1, max=3650)] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,  # noqa: FBT002  # a flag
    show: Annotated[  # noqa: FBT002  # as above
        bool, typer.Option("--show", help="Also to whom and what: personal, for this terminal only.")
    ] = False,
) -> None:
    """List the messages that never arrived, with Twilio's code; `urgent`: somebody may be in danger."""
    from app.outbox_desk import list_failed

    _run(lambda settings: list_failed(settings, days=days, as_json=as_json, show=show))


@outbox_app.command("resend")
def outbox_resend(number: MessageId) -> None:
    """Have a message sent again that is in doubt or has failed: you know that it did not arrive."""
    from app.outbox_desk import resend

    _run(lambda settings: resend(settings, number))


@outbox_app.command("settle")
def outbox_settle(
    number: MessageId,
    sid: Annotated[str | None, typer.Option(help="Twilio's SID of it, from the console's log.")] = None,
) -> None:
    """Mark a message in doubt as sent: you know that it arrived, or that it need not."""
    from app.outbox_desk import settle

    _run(lambda settings: settle(settings, number, sid))


PhoneNumber = Annotated[str, typer.Argument(metavar="NUMBER", help="With + and the country's code.")]


@consent_app.command("show")
def consent_show(
    number: PhoneNumber,
    show: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--show", help="Also what they wrote: personal, for this terminal only.")
    ] = False,
) -> None:
    """Tell whether somebody wants messages, and what the ledger has of them."""
    from app.consent_desk import show_consent

    _run(lambda settings: show_consent(settings, number, show=show))


@consent_app.command("in")
def consent_in(number: PhoneNumber) -> None:
    """Write to somebody again who asked for no messages, as they have told you so."""
    from app.consent_desk import change_consent

    _run(lambda settings: change_consent(settings, number, wanted=True))


@consent_app.command("out")
def consent_out(number: PhoneNumber) -> None:
    """Write nothing unasked to somebody any more, as they have told you so."""
    from app.consent_desk import change_consent

    _run(lambda settings: change_consent(settings, number, wanted=False))


@therapist_app.command("pin")
def therapist_pin(
    code: Annotated[str, typer.Argument(help="The therapist's name in the practice file, such as anna.")],
) -> None:
    """Set the PIN with which a therapist reads clients' own words; it is asked for, or read from a pipe."""
    from app.therapist_desk import set_pin, typed_pin

    try:
        pin = typed_pin()
    except TherapyBookingError as error:
        refuse(error)
    _run(lambda settings: set_pin(settings, code, pin))


@therapist_app.command("reads")
def therapist_reads(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """List who has read which client's own words, and when; never what they read."""
    from app.therapist_desk import list_reads

    _run(lambda settings: list_reads(settings, as_json=as_json))


def _run(work: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    """Run with the settings to the end."""
    return _finish(lambda: work(Settings.read()))


def _finish(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the end; what the operator can mend is said in a sentence."""
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(work())
    except (TherapyBookingError, TryAgain) as error:
        refuse(error)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _new_loop() -> asyncio.AbstractEventLoop:
    """The fastest loop that there is for this platform."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


def main() -> None:
    """Run the command line. It speaks UTF-8, whatever the locale says."""
    gc.set_threshold(LOOK_FOR_GARBAGE_AFTER)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
