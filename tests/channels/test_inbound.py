"""What a form says: whatever a person can write comes through whole, cut and clean; nothing else does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels import form_values, inbound
from channels.twilio_errors import Remedy
from engine.effects import Attempt
from engine.errors import MalformedWebhook
from engine.events import Heard
from tests.channels.conftest import Practice
from tests.fakes import twilio_forms as forms

FORM = "application/x-www-form-urlencoded"


def heard(form: forms.Fields) -> Heard:
    return inbound.heard(
        form.items(),
        account_sid=forms.ACCOUNT_SID,
        is_ours=lambda number: number == forms.PRACTICE,
        flow="client",
        at=0,
    )


def test_a_text_is_a_text() -> None:
    message = heard(forms.message(" tomorrow at 2 \n"))
    assert (message.kind, message.text, message.tap) == ("text", " tomorrow at 2 \n", None)


def test_an_empty_body_is_an_empty_text() -> None:
    assert (heard(forms.message("")).kind, heard(forms.message("")).text) == ("text", "")


@pytest.mark.parametrize(
    "tapped",
    [
        {"ButtonPayload": "7.2"},
        {"ListId": "7.2", "ListTitle": "Monday"},
        {"InteractiveData": json.dumps({"id": "7.2"})},
        {
            "InteractiveData": json.dumps(
                {"type": "list_reply", "list_reply": {"id": "7.2", "title": "Monday"}}
            )
        },
        {"ButtonPayload": "", "ListId": "7.2"},
    ],
)
def test_a_tap_is_known_by_whichever_field_carries_its_id(tapped: dict[str, str]) -> None:
    message = heard(forms.message("Monday", **tapped))
    assert (message.kind, message.tap, message.text) == ("tap", "7.2", "Monday")


@pytest.mark.parametrize(
    "odd", ["not json", "[]", "7", "null", '{"id": 7}', '{"a": [{"id": "x"}]}', "[" * 100_000, "x" * 201, "ü"]
)
def test_an_odd_payload_leaves_a_text(odd: str) -> None:
    field = "ButtonPayload" if len(odd) == 201 or odd == "ü" else "InteractiveData"
    message = heard(forms.message("Monday", **{field: odd}))
    assert (message.kind, message.text) == ("text", "Monday")


def test_what_was_answered_is_kept_and_an_odd_name_of_it_is_not() -> None:
    assert heard(forms.tap("7.1", "Yes", OriginalRepliedMessageSid="MM1")).replied_to == "MM1"
    assert heard(forms.message("yes", OriginalRepliedMessageSid="SM1")).replied_to == "SM1"
    assert heard(forms.message("yes")).replied_to is None
    assert heard(forms.message("yes", OriginalRepliedMessageSid="<x>")).replied_to is None


def test_a_row_of_a_list_is_a_tap() -> None:
    message = heard(forms.list_tap("7.4", "Monday"))
    assert (message.kind, message.tap) == ("tap", "7.4")


def test_a_tap_keeps_the_message_it_answers() -> None:
    tapped = forms.tap("7.2", "Monday")
    assert heard(tapped).replied_to == tapped["OriginalRepliedMessageSid"]
    assert heard(forms.message("hello")).replied_to is None


def test_shared_contacts_are_no_text() -> None:
    message = heard(forms.message("", MessageType="contacts"))
    assert (message.kind, message.data) == ("media", {"media": "text/vcard"})


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (forms.location("1", "2", Label="my last stop", Address="the bridge"), "my last stop\nthe bridge"),
        (forms.media("application/pdf", "goodbye.pdf"), "goodbye.pdf"),
        (
            forms.message("", InteractiveData=json.dumps({"nfm_reply": {"a": ["one", {"b": "two"}]}})),
            "one\ntwo",
        ),
        (forms.message("", FlowData=json.dumps({"flow_token": 7, "note": "más"})), "más"),
        (
            forms.message("", InteractiveData=json.dumps({"response_json": json.dumps({"note": "más"})})),
            "más",
        ),
        (forms.tap("7.2", "Send", FlowData=json.dumps({"note": "one"})), "Send\none"),
        (forms.message("hello", InteractiveData='{"a":' * 400 + '"deep"' + "}" * 400), "hello\ndeep"),
        (forms.message("hello"), "hello"),
    ],
)
def test_what_a_person_has_typed_is_kept_whichever_field_has_it(form: forms.Fields, written: str) -> None:
    assert heard(form).written == written


@pytest.mark.parametrize("word", ["START", "STOP", "HELP"])
@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (forms.message("stop"), "text"),
        (forms.tap("stop", "Stop"), "tap"),
        (forms.list_tap("stop", "Stop"), "tap"),
        (forms.media("image/png", "stop"), "media"),
        (forms.location("52.52", "13.40"), "location"),
    ],
)
def test_what_twilio_has_answered_itself_is_said_of_every_kind(
    word: str, form: forms.Fields, kind: str
) -> None:
    before, message = heard(form), heard(form | {"OptOutType": word})
    assert message.kind == before.kind == kind
    assert message.data == {**before.data, "opt_out": word}


def test_a_message_to_another_number_is_refused_without_naming_it() -> None:
    with pytest.raises(MalformedWebhook, match="To is not this webhook's number") as refused:
        heard(forms.message("hello", to="whatsapp:+14155230000"))
    assert "+1415" not in str(refused.value)


def test_a_picture_keeps_its_caption_and_its_type() -> None:
    message = heard(forms.media("image/jpeg", "my knee"))
    assert (message.kind, message.text, message.data) == ("media", "my knee", {"media": "image/jpeg"})


def test_a_location_keeps_what_was_known_of_it() -> None:
    message = heard(forms.location("52.52", "13.40", Label="Museum", Address="Am Lustgarten 1"))
    assert (message.kind, message.text) == ("location", "")
    assert message.data == {
        "label": "Museum",
        "address": "Am Lustgarten 1",
        "latitude": "52.52",
        "longitude": "13.40",
    }


def test_1600_emoji_come_through_whole_and_more_is_cut() -> None:
    assert heard(forms.message("😀" * 1_600)).text == "😀" * 1_600
    assert heard(forms.message("😀" * 1_601)).text == "😀" * 1_600


@pytest.mark.parametrize(
    "name",
    ["Robert'); DROP TABLE people;--", "{{ 7*7 }}", "${jndi:ldap://x}", "<script>alert(1)</script>", "%s%n"],
)
def test_a_name_is_only_a_name(name: str) -> None:
    assert heard(forms.message("hello", ProfileName=name)).name == name


@pytest.mark.parametrize(("name", "kept"), [("", None), ("   ", None), ("a" * 81, "a" * 80), ("\0\0", None)])
def test_names_are_cut_and_empty_ones_are_none(name: str, kept: str | None) -> None:
    assert heard(forms.message("hello", ProfileName=name)).name == kept


def test_nul_and_half_characters_are_dropped() -> None:
    assert heard(forms.message("a\0b\ud800c")).text == "abc"


@pytest.mark.parametrize("from_", ["whatsapp:US.13491208655302741918", "whatsapp:US.ENT.506847293015824"])
def test_people_without_a_number_have_an_address_too(from_: str) -> None:
    assert heard(forms.message("hello", from_=from_)).address == from_


@pytest.mark.parametrize(
    "from_",
    ["", "whatsapp:", "+4915112345678", "whatsapp:+0123456789", "whatsapp:+1234", "sms:+4915112345678"],
)
def test_other_senders_are_refused(from_: str) -> None:
    with pytest.raises(MalformedWebhook, match="From"):
        heard(forms.message("hello", from_=from_))


def test_reasons_hold_nothing_of_the_form() -> None:
    with pytest.raises(MalformedWebhook) as refused:
        heard(forms.message("secret", from_="whatsapp:Ada"))
    assert "Ada" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        ("delivered", None, None),
        ("undelivered", 63016, Remedy.TEMPLATE),
        ("failed", 63015, Remedy.JOIN_SANDBOX),
        ("failed", 99999, Remedy.UNKNOWN_CODE),
    ],
)
def test_news_says_what_to_do(status: str, code: int | None, remedy: Remedy | None) -> None:
    news = inbound.delivery_status(
        forms.status("SM1", status, error_code=code).items(), account_sid=forms.ACCOUNT_SID, attempt="9.2"
    )
    assert (news.status, news.error_code, news.remedy, news.attempt) == (status, code, remedy, Attempt(9, 2))


@pytest.mark.parametrize("attempt", [None, "", "x", "9", "9.", ".1", "9.x", "-1.1", "1e3.1", "9" * 30 + ".1"])
def test_an_odd_attempt_is_none(attempt: str | None) -> None:
    form = forms.status("SM1", "sent")
    news = inbound.delivery_status(form.items(), account_sid=forms.ACCOUNT_SID, attempt=attempt)
    assert news.attempt is None


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(MalformedWebhook, match="MessageStatus"):
        inbound.delivery_status(
            forms.status("SM1", "teleported").items(), account_sid=forms.ACCOUNT_SID, attempt=None
        )


FIELD_NAMES = st.sampled_from(sorted(forms.everything())) | st.text()
WRITTEN = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(FIELD_NAMES, WRITTEN, max_size=8), st.sampled_from(["client", "therapist", "status"]))
async def test_no_signed_form_breaks_the_door(changes: dict[str, str], door: str) -> None:
    usual = forms.message("hello") if door != "status" else forms.status("SM1", "sent")
    writable = {name.encode("utf-8", "replace").decode(): value for name, value in changes.items()}
    practice = Practice()
    answer = await practice.post(usual | writable, door)
    assert answer.status_code in {200, 204, 400}
    assert len(practice.inbox.rows) == (answer.status_code == 200)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([FORM, "", "application/json", "multipart/form-data; boundary=x"]),
)
async def test_no_body_at_all_breaks_the_door(body: bytes, content_type: str) -> None:
    signature = forms.sign("https://practice.example/prefix/webhook/client", [])
    answer = await Practice().post_body(body, signature=signature, content_type=content_type)
    assert answer.status_code in {400, 403}


@given(WRITTEN, WRITTEN)
def test_what_comes_out_is_short_and_storable(text: str, name: str) -> None:
    message = heard(forms.message(text, ProfileName=name))
    assert len(message.text) <= form_values.LONGEST_TEXT
    assert len(message.name or "") <= form_values.LONGEST_NAME
    assert "\0" not in message.text + (message.name or "")


@pytest.mark.parametrize(
    ("told", "data"), [("STOP", {"opt_out": "STOP"}), ("HELP", {"opt_out": "HELP"}), ("YES", {}), ("", {})]
)
def test_what_twilio_has_answered_by_itself_is_told(told: str, data: dict[str, str]) -> None:
    assert dict(heard(forms.message("stop", OptOutType=told)).data) == data
