"""The accounts at Twilio and Google, as the settings describe them. Nothing is asked of them here."""

from __future__ import annotations

from pathlib import Path

from app.settings import NotSetUp, Settings, beside
from channels.twilio_account import TwilioAccount


def twilio_account(settings: Settings) -> TwilioAccount:
    """The Twilio account that the settings describe."""
    status_url = settings.status_webhook_url or beside(settings.client_webhook_url, "status")
    bases = {
        "api_base_url": settings.twilio_api_base_url,
        "content_base_url": settings.twilio_content_base_url,
    }
    given = {name: url for name, url in bases.items() if url}
    token, *others = [one.strip() for one in settings.whatsapp_token.get_secret_value().split(",")]
    return TwilioAccount(
        account_sid=settings.whatsapp_sid,
        auth_token=token,
        other_tokens=tuple(one for one in others if one),
        client_number=settings.twilio_phone_number,
        therapist_number=settings.twilio_therapist_phone_number,
        client_webhook_url=settings.client_webhook_url,
        therapist_webhook_url=settings.therapist_webhook_url,
        status_webhook_url=status_url,
        **given,
    )


def google_key_file(settings: Settings) -> str:
    """The service account's key file; empty where Google's own search decides. Raises NotSetUp."""
    path = settings.google_application_credentials
    if path and not Path(path).is_file():
        raise NotSetUp("GOOGLE_APPLICATION_CREDENTIALS names no file that is there.")
    return path
