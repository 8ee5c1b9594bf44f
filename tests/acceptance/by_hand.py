"""Both fakes and the real server, wired together with real sockets, to be tried by hand in a terminal.

    make fakes

Nothing here needs an account. What you type is posted to the server as Twilio would, signed and all, and read
by a Dialogflow that was filled with `nlu push` and guesses at the rest. What the server sends through the
REST API is printed, and so is what it warns of in its log.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
import textwrap
from pathlib import Path

import grpc
import yaml

from tests.acceptance.guessing import guessing
from tests.acceptance.server import CLIENT_DOOR, PUBLIC, ROOT, Server, reaching
from tests.fakes import twilio_forms as forms
from tests.fakes.dialogflow import FakeDialogflow
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_faults import Fault

EXAMPLE = ROOT / "flows" / "practice.example.yaml"
FAULTS = ", ".join(fault.name for fault in Fault)
HELP = """
  hello                    the client Eva writes "hello"
  ben: hello               another client does; who wrote last goes on without a name
  anna: approve 1          a therapist does; there are {therapists}
  /tap approve:1           whoever wrote last taps the button with this id
  /fail ERROR_AFTER 3      Twilio's next 3 answers go wrong; kinds:
                           {faults}
  /dialogflow down         Dialogflow fails until `/dialogflow up`
  /restart                 kill -9 and start again: nothing is lost, and a number that rests tries anew;
                           only whose message was put off waits for it all the same
  /log                     where the server's log is
  /help, /quit
"""


def tell(text: object) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Terminal:
    """Reads lines, speaks for everybody, prints what arrives."""

    def __init__(self, server: Server, twilio: FakeTwilio, agent: FakeDialogflow) -> None:
        self._server, self._twilio, self._agent = server, twilio, agent
        self._addresses = therapists()
        self._speaker = "eva"
        self._help = HELP.format(
            therapists=" and ".join(self._addresses),
            faults=textwrap.fill(FAULTS, 80, subsequent_indent=" " * 27, break_on_hyphens=False),
        )

    async def run(self) -> None:
        """Until the end of the input, or `/quit`."""
        tell(self._help)
        printing = asyncio.gather(self._print_what_arrives(), self._print_what_goes_wrong())
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                if line.strip() == "/quit":
                    break
                await self._do(line.strip())
        finally:
            printing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await printing

    async def _do(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        if command == "/tap" and rest:
            await self._tap(rest)
        elif command == "/fail":
            self._fail(rest)
        elif command == "/dialogflow" and rest in {"down", "up"}:
            if rest == "down":
                self._agent.fail(grpc.StatusCode.UNAVAILABLE, None)
            else:
                self._agent.recover()
            tell(f"    Dialogflow is {rest}.")
        elif command == "/restart":
            self._server.kill()
            await asyncio.to_thread(self._server.start)
            tell("    The server serves again.")
        elif command == "/log":
            tell(f"    {self._server.log_path}")
        elif command == "/help":
            tell(self._help)
        elif command.startswith("/"):
            tell("    /tap ID, /dialogflow down, /dialogflow up, /fail, /restart, /log, /help, /quit")
        elif line:
            await self._say(line)

    def _fail(self, rest: str) -> None:
        name, _, times = rest.partition(" ")
        if name.upper() not in Fault.__members__ or not (times or "1").isdecimal():
            tell(f"    /fail KIND [TIMES], with one of these: {FAULTS}")
            return
        self._twilio.fail(Fault[name.upper()], int(times or 1))
        tell(f"    {times or 1} of Twilio's answers will go wrong.")

    async def _say(self, line: str) -> None:
        name, colon, text = line.partition(":")
        if colon and name.isalpha():
            self._speaker, line = name.lower(), text.strip()
        address = self._address(self._speaker)
        await self._post(forms.message(line, from_=address, ProfileName=self._speaker.title()))

    async def _tap(self, option: str) -> None:
        """On the latest message that whoever speaks has got."""
        address = self._address(self._speaker)
        got = [message.sid for message in self._twilio.messages if message.to == address]
        replied = {"OriginalRepliedMessageSid": got[-1]} if got else {}
        await self._post(forms.tap(option, option, from_=address, **replied))

    async def _post(self, form: dict[str, str]) -> None:
        answer = await self._twilio.post(CLIENT_DOOR, form)
        if answer.status != 200:
            tell(f"    the webhook answered {answer.status}: {answer.text.strip()}")

    def _address(self, name: str) -> str:
        """Everybody's number: the therapist's, or one that is made for a new client."""
        return self._addresses.setdefault(name, f"whatsapp:+4915200000{len(self._addresses):03}")

    async def _print_what_arrives(self) -> None:
        names = {address: name for name, address in self._addresses.items()}
        number = 0
        while True:
            message = await self._twilio.message(number)
            number += 1
            names |= {address: name for name, address in self._addresses.items()}
            body = message.body.replace("\n", "\n      ")
            tell(f"    to {names.get(message.to, message.to)}:\n      {body}")
            for title, option in message.buttons:
                tell(f"        [{title}]  /tap {option}")

    async def _print_what_goes_wrong(self) -> None:
        """Whatever the server warns of from now on: why it is silent, for instance."""
        seen = len(self._server.log)
        while True:
            await asyncio.sleep(0.2)
            *whole, _ = self._server.log[seen:].split("\n")
            seen += len("".join(whole)) + len(whole)
            for line in whole:
                if warning := _warning(line):
                    tell(f"    log: {warning}")


def _warning(line: str) -> str:
    """What a line of the log warns of, if it does."""
    try:
        told = json.loads(line)
    except ValueError:
        return line
    if told.pop("level") not in {"warning", "error", "critical"}:
        return ""
    told.pop("timestamp")
    return ", ".join([told.pop("event"), *(f"{name}: {value}" for name, value in told.items())])


def therapists() -> dict[str, str]:
    """The example practice's therapists by first name, with their addresses."""
    practice = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    return {name: f"whatsapp:{one['phone'].replace(' ', '')}" for name, one in practice["therapists"].items()}


async def play() -> None:
    """Start everything, and stop it at the end."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="therapy-booking-")))
        agent = await stack.enter_async_context(FakeDialogflow())
        server = Server(folder, None, reaching(agent))
        proxies = {PUBLIC: server.url}
        twilio = await stack.enter_async_context(FakeTwilio(port=server.twilio_port, proxies=proxies))
        twilio.news = ("sent", "delivered")
        tell("Setting up: tables, practice, agent, server.")
        await asyncio.to_thread(server.set_up, EXAMPLE.read_text(encoding="utf-8"))
        await asyncio.to_thread(server.run, "nlu", "push")
        await asyncio.to_thread(server.run, "templates", "push")
        twilio.contents.decide_all()
        await asyncio.to_thread(server.start)
        stack.callback(server.stop)
        agent.guess = await stack.enter_async_context(guessing(server))
        tell(f"Server {server.url}, Twilio {twilio.url}, Dialogflow {agent.address}.")
        await Terminal(server, twilio, agent).run()


def main() -> None:
    """Play until the input ends."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(play())


if __name__ == "__main__":
    main()
