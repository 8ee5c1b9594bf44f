"""Signatures: Twilio's own published examples, and what trips up those who check them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.signature_vectors import agrees, read_vectors
from channels.signature import signed_url, verify_body, verify_form
from engine.errors import BadSignature
from tests.fakes import twilio_forms as forms

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
DOCUMENTED = [(name, value.replace("+14158675309", "+14158675310")) for name, value in CALL]
JSON = '{"property": "value", "boolean": true}'
JSON_DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


@pytest.mark.parametrize(
    ("url", "fields", "signature"),
    [
        (URL, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL, CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com/myapp.php?foo=1&bar=2", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("https://example.com/myapp.php?foo=1&bar=2", DOCUMENTED, "L/OH5YylLD5NRKLltdqwSvS0BnU="),
        (
            URL,
            [
                ("Sid", "CA123"),
                ("SidAccount", "AC123"),
                ("Digits", "5678"),
                ("Digits", "1234"),
                ("Digits", "1234"),
            ],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
    ],
    ids=["plain", "signed with :443", "signed with :80", "other port", "documentation", "repeated fields"],
)
def test_published_examples_fit(url: str, fields: list[tuple[str, str]], signature: str) -> None:
    verify_form([TOKEN], url, fields, signature)
    with pytest.raises(BadSignature):
        verify_form([TOKEN], url, [*fields, ("More", "1")], signature)


def test_a_json_body_fits_by_its_digest() -> None:
    url = f"{URL}&bodySHA256={JSON_DIGEST}"
    verify_body([TOKEN], url, JSON, "a9nBmqA0ju/hNViExpshrM61xv4=")
    with pytest.raises(BadSignature):
        verify_body([TOKEN], url, JSON + " ", "a9nBmqA0ju/hNViExpshrM61xv4=")
    with pytest.raises(BadSignature, match="bodySHA256"):
        verify_body([TOKEN], URL, JSON, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@pytest.mark.parametrize("signature", [None, ""])
def test_no_signature_is_a_bad_one(signature: str | None) -> None:
    with pytest.raises(BadSignature, match="no X-Twilio-Signature"):
        verify_form([TOKEN], URL, CALL, signature)


def test_blank_fields_are_part_of_it() -> None:
    signature = forms.sign(URL, [("Body", ""), ("From", "x")], TOKEN)
    verify_form([TOKEN], URL, [("Body", ""), ("From", "x")], signature)
    with pytest.raises(BadSignature):
        verify_form([TOKEN], URL, [("Body", " "), ("From", "x")], signature)


@pytest.mark.parametrize("login", ["user@", "user:pass@"])
@pytest.mark.parametrize("port", ["", ":443"])
def test_twilio_may_sign_with_or_without_the_login_in_the_address(login: str, port: str) -> None:
    configured = f"https://{login}practice.example/webhook"
    for signed in (
        f"https://{login}practice.example{port}/webhook",
        f"https://practice.example{port}/webhook",
    ):
        verify_form([TOKEN], configured, CALL, forms.sign(signed, CALL, TOKEN))


def test_the_signed_address_is_the_configured_one_with_the_raw_query() -> None:
    configured = "https://practice.example/a/webhook/client#rc=3&rp=5xx"
    assert signed_url(configured, "") == "https://practice.example/a/webhook/client"
    assert signed_url(configured, "x=%C3%A9+1") == "https://practice.example/a/webhook/client?x=%C3%A9+1"


@pytest.mark.skipif(
    "EVAL_DATA" not in os.environ, reason="EVAL_DATA does not name the folder of outside data"
)
def test_all_outside_vectors_agree() -> None:
    vectors = read_vectors(Path(os.environ["EVAL_DATA"]) / "twilio_signature_vectors.json")
    assert vectors
    assert [vector["name"] for vector in vectors if not agrees(vector)] == []


def test_while_the_token_is_changed_either_may_sign() -> None:
    for token in ("the old one", "the new one"):
        verify_form(["the old one", "the new one"], URL, CALL, forms.sign(URL, CALL, token))
    with pytest.raises(BadSignature):
        verify_form(["the old one", "the new one"], URL, CALL, forms.sign(URL, CALL, TOKEN))
