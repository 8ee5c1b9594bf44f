"""The whole visit, told line by line."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import typer

from app.accounts import twilio_account
from app.data_store import storage_settings
from app.doctor import dialogflow, house, templates
from app.doctor.examination import Ailment, Check, Finding, Verdict, examine
from app.doctor.whatsapp import TwilioChecks
from app.settings import Settings
from channels.twilio_console import TwilioConsole
from storage.sealing import Sealer

_SIGNS: dict[Verdict, tuple[str, str | None]] = {
    "good": ("ok  ", typer.colors.GREEN),
    "bad": ("FAIL", typer.colors.RED),
    "skipped": ("-   ", None),
}


async def visit(settings: Settings, wrong: Mapping[str, str]) -> None:
    """Look at everything and tell each finding. Raises typer.Exit with code 1 unless all is well.

    `wrong`: settings that cannot be read, and why.
    """
    twilio = twilio_account(settings)

    @cache
    def sealer() -> Sealer:
        return Sealer(storage_settings(settings).secret_key)

    async with TwilioConsole(twilio) as console:
        of_twilio = TwilioChecks(
            twilio, console, lambda challenge: sealer().prove(challenge), settings.trusted_proxies
        )
        findings = []
        async for finding in examine(
            [
                *(_unreadable(name, what) for name, what in wrong.items()),
                *house.checks(settings),
                *of_twilio.checks(),
                templates.check(settings, twilio),
                *dialogflow.checks(settings),
            ]
        ):
            _tell(finding)
            findings.append(finding)
    bad = sum(finding.verdict == "bad" for finding in findings)
    if bad:
        typer.echo(f"\n{bad} to mend.")
        raise typer.Exit(1)
    typer.echo("\nAll is well.")


def _unreadable(name: str, what: str) -> Check:
    """The finding that a setting cannot be read."""

    async def look() -> str:
        raise Ailment(f"{what}.", "Correct it in .env; .env.example tells what it is for.")

    return Check(name, look)


def _tell(finding: Finding) -> None:
    sign, colour = _SIGNS[finding.verdict]
    cure = f" → {finding.cure}" if finding.cure else ""
    typer.secho(f"{sign}  {finding.name}: {finding.told}{cure}", fg=colour)
