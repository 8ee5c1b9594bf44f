"""Everything that is set from outside, by the environment or a `.env` file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import TherapyBookingError

ROOT = Path(__file__).resolve().parent.parent
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_PHONE = re.compile(r"(whatsapp:)?\+[1-9](?:[ ()-]*\d){6,14}")


class BadSettings(TherapyBookingError):
    """A setting has a value that it cannot have."""


class NotSetUp(TherapyBookingError):
    """Something that only the operator can decide is missing."""


class Settings(BaseSettings):
    """Read once, when a command starts."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    db_host: str | None = None
    """Without it everything is kept in the file `SQLITE_PATH`."""
    db_user: str = "therapy_booking"
    db_password: SecretStr = SecretStr("")
    db_name: str = "therapy_booking"
    db_port: int = 3306
    db_pool_size: int = Field(default=10, ge=1, le=200)
    sqlite_path: Path = Path("var/therapy_booking.sqlite3")

    whatsapp_sid: str = ""
    whatsapp_token: SecretStr = SecretStr("")
    twilio_phone_number: str = ""
    twilio_therapist_phone_number: str = ""
    """The therapists' number where they have one of their own; otherwise the clients' is used."""
    twilio_api_base_url: str = ""
    twilio_content_base_url: str = ""
    client_webhook_url: str = ""
    therapist_webhook_url: str = ""
    status_webhook_url: str = ""
    """Defaults to the client webhook's address with `status` for its last part."""
    calendar_url: str = ""
    """Where calendars fetch feeds. Defaults to the client webhook's address with `calendar` at its end."""
    messages_per_second: float = Field(default=80.0, gt=0, le=400)
    """How fast each of the practice's numbers may send; the sandbox takes one message in three seconds."""
    doubt_seconds: int = Field(default=60, ge=1, le=3600)
    """A message of which Twilio did not say whether it took it is sent again if Twilio's list does not show
    it after so many seconds."""
    catch_up_hours: float = Field(default=12.0, ge=0, le=72)
    """Messages that Twilio could not hand over are fetched from its list if they are not older; 0: never."""
    catch_up_every_seconds: int = Field(default=180, ge=1)
    approvals_every_seconds: int = Field(default=300, ge=1)
    therapist_phone: str = ""
    """The number of the therapist who has none in the practice file."""

    google_application_credentials: str = ""
    dialogflow_project_id: str = ""
    dialogflow_location: str = "us-central1"
    dialogflow_agent_id: str = ""
    dialogflow_api_endpoint: str = ""
    """Only for a stand-in on this machine, such as `127.0.0.1:9000`; it is spoken to without TLS."""
    dialogflow_timeout_seconds: float = Field(default=1.5, gt=0)

    secret_key: SecretStr = SecretStr("")
    """Seals personal data. Several, separated by commas, while one replaces another: the first seals."""
    metrics_token: SecretStr = SecretStr("")
    """Whoever has it may read `/metrics`; without one only this machine itself may."""
    debug: bool = False
    host: str = "0.0.0.0"  # noqa: S104  # behind a reverse proxy; `demo` listens on loopback only
    port: int = Field(default=8000, ge=1, le=65535)

    trusted_proxies: int | None = Field(default=None, ge=0, le=10)
    """How many proxies of our own stand before the server; needed to tell addresses apart behind them."""
    refusals_per_minute: int = Field(default=30, ge=1)
    """Webhook requests without a good signature after which their address is answered 429."""
    answers_per_minute: int = Field(default=30, ge=1)
    """Messages of one sender that are answered; what goes over is kept all the same."""
    messages_per_hour: int = Field(default=1000, ge=1)
    """Messages of one sender that are kept: more than any person writes."""

    flows_path: Path = ROOT / "flows.yaml"
    texts_path: Path = ROOT / "flows" / "texts"
    understanding_path: Path = ROOT / "flows" / "understanding.yaml"
    weights_dir: Path = ROOT / "var"
    """Where what the offline classifier has learnt is kept; made anew whenever its phrases change."""
    workers: int = Field(default=8, ge=1, le=64)
    """How many conversations may be moved at the same time."""

    @field_validator("whatsapp_sid")
    @classmethod
    def _is_an_account(cls, sid: str) -> str:
        if sid and not _ACCOUNT.fullmatch(sid):
            raise ValueError("an account's SID is AC and 32 digits or letters from a to f")
        return sid

    @field_validator("twilio_phone_number", "twilio_therapist_phone_number", "therapist_phone")
    @classmethod
    def _is_a_number(cls, number: str) -> str:
        if number and not _PHONE.fullmatch(number):
            raise ValueError("write the number in full, with + and the country: +49 30 1234567")
        return number

    @field_validator(
        "client_webhook_url",
        "therapist_webhook_url",
        "status_webhook_url",
        "calendar_url",
        "twilio_api_base_url",
        "twilio_content_base_url",
    )
    @classmethod
    def _is_reachable(cls, address: str) -> str:
        if address and not _is_web_address(address):
            raise ValueError("write the full address, such as https://host/path")
        return address

    @classmethod
    def read(cls) -> Self:
        """The settings of this process. Raises BadSettings, which names them but never tells a value."""
        settings, wrong = cls.read_all()
        if wrong:
            raise BadSettings("\n".join(f"{name}: {what}." for name, what in wrong.items()))
        return settings

    @classmethod
    def read_all(cls) -> tuple[Self, dict[str, str]]:
        """The settings, and by its name what is wrong with each that has its default instead.

        Raises BadSettings when none can be read.
        """
        try:
            return cls(), {}
        except ValidationError as error:
            wrong = {str(one["loc"][0]): one["msg"] for one in error.errors()}
        except UnicodeDecodeError:
            raise BadSettings("The file .env is not in UTF-8: save it anew in that encoding.") from None
        defaults = {name: cls.model_fields[name].get_default() for name in wrong}
        return cls(**defaults), {name.upper(): what for name, what in wrong.items()}

    def missing_for_whatsapp(self) -> list[str]:
        """The settings without which no WhatsApp message can be taken or sent."""
        needed = ["whatsapp_sid", "whatsapp_token", "twilio_phone_number", "client_webhook_url"]
        if self.twilio_therapist_phone_number:
            needed.append("therapist_webhook_url")
        return [name.upper() for name in needed if not str(_plain(getattr(self, name)))]

    @property
    def calendar_address(self) -> str:
        """Where calendar feeds are served; without a public address, on this machine."""
        public = self.calendar_url or beside(self.client_webhook_url, "calendar")
        return (public or f"http://127.0.0.1:{self.port}/webhook/calendar").rstrip("/")

    @property
    def asks_dialogflow(self) -> bool:
        """Whether Dialogflow is set up. Raises NotSetUp when it is so only by half."""
        given = {
            "DIALOGFLOW_PROJECT_ID": self.dialogflow_project_id,
            "DIALOGFLOW_AGENT_ID": self.dialogflow_agent_id,
        }
        missing = [name for name, value in given.items() if not value]
        if missing and len(missing) < len(given):
            raise NotSetUp(f"Dialogflow is set up by half: {', '.join(missing)} is missing.")
        return not missing


def beside(url: str, name: str) -> str:
    """The address with its last part replaced: `…/webhook/client` to `…/webhook/status`."""
    if not url:
        return ""
    parts = urlsplit(url)
    path = parts.path.rpartition("/")[0] + f"/{name}"
    return urlunsplit(parts._replace(path=path, query="", fragment=""))


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port_is_a_number


def _plain(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
