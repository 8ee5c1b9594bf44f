"""Personal columns: encrypted with authenticated encryption, found again by a keyed hash.

Never writes a key or an opened text anywhere. Losing SECRET_KEY means losing every sealed column.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from engine.errors import TherapyBookingError
from engine.events import Value
from storage.sql import Row

T = TypeVar("T")

_KEY_BYTES = 32
# A passphrase has to give the same key on every machine, so its salt cannot be random.
_SALT = b"therapy-booking/secret-key/1"
_MARK = "the mark of the key that addresses are hashed with"


class SealBroken(TherapyBookingError):
    """A stored value cannot be opened: it was sealed with a key that SECRET_KEY does not list, or altered."""


async def opened(
    rows: Iterable[Row], read: Callable[[Row], T], give_up: Callable[[Row, str], Awaitable[None]]
) -> list[T]:
    """What these rows say. One that cannot be opened is given up with the reason, and stops no other."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except SealBroken as error:
            await give_up(row, str(error))
    return found


class Sealer:
    """Seals with the first key, opens with any of them."""

    def __init__(self, secret_key: str) -> None:
        """`secret_key`: one or several keys, separated by commas; the newest first.

        A key is a Fernet key (`Fernet.generate_key()`) or any passphrase, which is stretched. The hash of
        addresses hangs on the last key, so a new key is put in front and the old ones stay behind it.
        """
        keys = [_stretch(key.strip()) for key in secret_key.split(",") if key.strip()]
        if not keys:
            raise TherapyBookingError("SECRET_KEY is empty: set it to a long random text and keep a copy.")
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(key, b"seal"))) for key in keys])
        self._index_key = _derive(keys[-1], b"index")
        self._proof_key = _derive(keys[-1], b"proof")
        self.marks = tuple(_hash(_derive(key, b"index"), _MARK) for key in keys)
        """Tell for each key whether another sealer has it, without telling the key."""

    def seal(self, text: str) -> str:
        """Encrypt. The result is plain ASCII and never the same twice."""
        return self._fernet.encrypt(_bytes(text)).decode("ascii")

    def open(self, sealed: str) -> str:
        """Decrypt. Raises SealBroken."""
        try:
            return self._fernet.decrypt(sealed).decode("utf-8", "surrogatepass")
        except InvalidToken:
            raise SealBroken from None

    def seal_optional(self, text: str | None) -> str | None:
        """`seal`, or None for None."""
        return None if text is None else self.seal(text)

    def open_optional(self, sealed: str | None) -> str | None:
        """`open`, or None for None."""
        return None if sealed is None else self.open(sealed)

    def seal_json(self, value: Value) -> str:
        """Encrypt a JSON value."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def open_json(self, sealed: str) -> dict[str, Value]:
        """Decrypt a JSON object. Raises SealBroken."""
        opened: dict[str, Value] = json.loads(self.open(sealed))
        return opened

    def index(self, text: str) -> str:
        """The keyed hash by which a sealed value is found: 64 hexadecimal digits, the same every time."""
        return _hash(self._index_key, text)

    def prove(self, challenge: str) -> str:
        """What only who has the key can answer to a challenge; tells nothing about anything stored."""
        return _hash(self._proof_key, challenge)


def _hash(key: bytes, text: str) -> str:
    return hmac.new(key, _bytes(text), hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    # Half an emoji is no valid text, but somebody may send it, and it must not stop anybody.
    return text.encode("utf-8", "surrogatepass")


def _stretch(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    if len(raw) == _KEY_BYTES:
        return raw
    return Scrypt(salt=_SALT, length=_KEY_BYTES, n=2**14, r=8, p=1).derive(key.encode())


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose).derive(key)
