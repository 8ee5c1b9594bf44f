"""Settings: what is wrong is named, and no value is told."""

from __future__ import annotations

import pytest

from app.settings import BadSettings, Settings


@pytest.mark.parametrize(
    "address",
    ["practice.example/webhook", "ftp://practice.example", "https://", "https://x:port/", "https://x:99999/"],
)
@pytest.mark.parametrize("name", ["CLIENT_WEBHOOK_URL", "THERAPIST_WEBHOOK_URL", "STATUS_WEBHOOK_URL"])
def test_an_address_that_twilio_cannot_reach_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)
    with pytest.raises(BadSettings, match=f"{name}.*full address") as refused:
        Settings.read()
    assert address not in str(refused.value).replace("https://host/path", "")


def test_what_cannot_be_read_leaves_the_others_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("WHATSAPP_SID", "nonsense")
    monkeypatch.setenv("DB_PORT", "3307")
    settings, wrong = Settings.read_all()
    assert list(wrong) == ["WHATSAPP_SID", "PORT"]
    assert (settings.port, settings.whatsapp_sid, settings.db_port) == (8000, "", 3307)
