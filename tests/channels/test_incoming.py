"""Every field of Twilio's form becomes a typed value, and no value whatever breaks the reading."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.incoming import Button, Incoming, ListRow, Location, Media, Referral, read_incoming
from engine.errors import MalformedWebhook
from tests.fakes import twilio_forms as forms

TYPED = {
    "ApiVersion", "SmsSid", "SmsMessageSid", "SmsStatus",  # old names, or always the same
    "ErrorCode", "ErrorUrl",  # of a fallback address: why the first one was not reached
    "ReferralMediaId", "ReferralNumMedia",  # the same medium as its address
}  # fmt: skip
"""Fields that become no value of their own."""


def read(form: forms.Fields) -> Incoming:
    return read_incoming(form.items())


def test_a_tap_as_it_was_captured() -> None:
    captured = {
        "OriginalRepliedMessageSender": "whatsapp:+14155238886",
        "ExternalUserId": "whatsapp:ID.4566546130240823",
        "SmsMessageSid": "SM" + "1" * 32,
        "FrequentlyForwarded": "false",
        "NumMedia": "0",
        "ProfileName": "Ada",
        "MessageType": "interactive",
        "SmsSid": "SM" + "1" * 32,
        "WaId": "6285000000000",
        "SmsStatus": "received",
        "Body": "Konfirmasi",
        "Forwarded": "false",
        "ButtonText": "Konfirmasi",
        "To": "whatsapp:+14155238886",
        "ButtonPayload": '{"a":1}',
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": forms.ACCOUNT_SID,
        "OriginalRepliedMessageSid": "MM" + "2" * 32,
        "ChannelMetadata": json.dumps({"type": "whatsapp", "data": {"context": {"Forwarded": "false"}}}),
        "From": "whatsapp:+6285000000000",
        "ApiVersion": "2010-04-01",
    }
    message = read(captured)
    assert message == Incoming(
        sid="SM" + "1" * 32,
        account_sid=forms.ACCOUNT_SID,
        service_sid=None,
        from_="whatsapp:+6285000000000",
        to="whatsapp:+14155238886",
        body="Konfirmasi",
        segments=1,
        name="Ada",
        wa_id="6285000000000",
        external_user_id="whatsapp:ID.4566546130240823",
        message_type="interactive",
        media=(),
        location=None,
        button=Button("Konfirmasi", '{"a":1}', ""),
        row=None,
        interactive=None,
        flow_data=None,
        replied_to="MM" + "2" * 32,
        replied_to_sender="whatsapp:+14155238886",
        forwarded=False,
        frequently_forwarded=False,
        referral=None,
        metadata={"type": "whatsapp", "data": {"context": {"Forwarded": "false"}}},
        opt_out=None,
    )
    assert message.tap == '{"a":1}'


def test_rich_fields_are_typed() -> None:
    message = read(forms.everything())
    assert message.service_sid == "MG" + "0" * 32
    assert message.media[0].content_type == "image/png"
    assert message.location == Location("52.52", "13.40", "Museum", "Am Lustgarten 1")
    assert message.row == ListRow("7.2", "Monday", "10:00")
    assert (message.forwarded, message.frequently_forwarded) == (True, False)
    assert message.flow_data == {"flow_token": "x"}
    assert message.opt_out == "HELP"
    assert message.referral == Referral(
        headline="Therapy",
        body="Calm within a week",
        source_id="120",
        source_type="ad",
        source_url="https://ads.example/120",
        click_id="click",
        media=Media("image/jpeg", "https://ads.example/120.jpg"),
    )


@pytest.mark.parametrize("name", sorted(forms.everything().keys() - TYPED))
def test_no_documented_field_is_dropped(name: str) -> None:
    """Changed or taken away, each makes another message, or none."""
    form = forms.everything()
    before = dataclasses.asdict(read(form))
    changed = {"AccountSid": "AC0", "Forwarded": "false", "FrequentlyForwarded": "true", "NumMedia": "0"}
    form[name] = changed.get(name, "9")
    try:
        after = dataclasses.asdict(read(form))
    except MalformedWebhook as refused:
        assert name in str(refused)  # noqa: PT017  # either outcome shows that the field is read
    else:
        assert after != before


def test_somebody_without_a_number_is_known_by_their_id() -> None:
    id_ = "whatsapp:DE.4566546130240823"
    form = forms.message("hello", from_=id_, ExternalUserId=id_)
    del form["WaId"]
    message = read(form)
    assert (message.from_, message.external_user_id, message.wa_id) == (id_, id_, None)


def test_a_voice_note_and_a_vcard_are_attachments() -> None:
    assert read(forms.media("audio/ogg")).attachment == "audio/ogg"
    assert read(forms.message("", MessageType="contacts")).attachment == "text/vcard"
    assert read(forms.message("hello")).attachment is None


def test_a_count_of_media_that_never_came_is_not_believed() -> None:
    assert len(read(forms.message("", NumMedia="999999999")).media) == 10


ODD = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["true", "-1", "1e9", "[]", '{"a": {"id": 7}}', "[" * 50_000, "9" * 40, "\0", "whatsapp:", "STOP", "null"]
)


@given(st.dictionaries(st.sampled_from(sorted(forms.everything())), ODD, max_size=12))
def test_whatever_the_fields_say_a_message_is_read_or_refused(changes: dict[str, str]) -> None:
    try:
        message = read(forms.everything() | changes)
    except MalformedWebhook as refused:
        assert str(refused).split()[0] in {"From", "To", "MessageSid"}  # noqa: PT017  # not every form is refused
    else:
        assert "\0" not in message.body + (message.name or "")
        assert message.tap is None or len(message.tap) <= 200
