"""The account: what is missing is named, secrets stay out of sight."""

from __future__ import annotations

import pytest

from channels.twilio_account import TwilioAccount
from tests.channels.conftest import ONE_NUMBER


def test_the_token_is_never_shown() -> None:
    assert ONE_NUMBER.auth_token not in repr(ONE_NUMBER)


@pytest.mark.parametrize(
    ("clients", "therapists", "one"),
    [
        ("+14155238886", "", True),
        ("+14155238886", "whatsapp:+1 415 523 8886", True),
        ("+14155238886", "+14155230000", False),
    ],
)
def test_the_same_number_however_written_is_one_number(clients: str, therapists: str, *, one: bool) -> None:
    assert TwilioAccount(client_number=clients, therapist_number=therapists).has_one_number is one


def test_missing_settings_are_named_as_the_operator_knows_them() -> None:
    assert TwilioAccount(account_sid="AC1").missing("account_sid", "auth_token", "client_number") == [
        "WHATSAPP_TOKEN",
        "TWILIO_PHONE_NUMBER",
    ]
