"""The master keys: given by a setting, or in a file of the data directory that the first start makes.

They seal what the database holds of secrets. Whoever loses them loses those; whoever has them and the
database can read them: back them up, and elsewhere than the database.
"""

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

from identity.errors import MalformedKeyRingError
from identity.keyring import KeyRing
from tradewind.errors import BadSettingError, MasterKeysError
from tradewind.settings import PREFIX, Settings

KEY_BYTES = 32


def master_keys(settings: Settings) -> str:
    """The keys as `id:base64,…`, newest first; made where neither setting nor file has any.

    MasterKeysError where there is a file that can't be used: it is never written over.
    """
    if settings.master_keys is not None:
        return settings.master_keys.get_secret_value()
    path = master_key_file(settings)
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise MasterKeysError(path, error.strerror or str(error)) from error
    except UnicodeDecodeError:
        raise MasterKeysError(path, "it is no text") from None


def key_ring(settings: Settings) -> KeyRing:
    """The ring of the master keys, which are made where there are none.

    BadSettingError or MasterKeysError where they are malformed; neither shows anything of them.
    """
    text = master_keys(settings)
    try:
        return KeyRing.of(text)
    except MalformedKeyRingError as error:
        if settings.master_keys is not None:
            raise BadSettingError(f"{PREFIX}MASTER_KEYS", error.reason) from error
        raise MasterKeysError(master_key_file(settings), error.reason) from error


def master_key_file(settings: Settings) -> Path:
    """Where the keys are where no setting gives them: one `id:base64` a line, newest first."""
    return settings.data / "secrets" / "master.keys"


def _read(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise MasterKeysError(path, f"others may read it: `chmod 600 {path}`")
    lines = [line.strip() for line in path.read_text("ascii").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise MasterKeysError(path, "it is empty")
    return ",".join(keys)


def _make(path: Path) -> None:
    """Make a file with a new key, unless another process is quicker: then its file is the one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    id_, key = secrets.token_hex(4), base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    draft = path.with_name(f"{path.name}.{os.getpid()}.{id_}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{id_}:{key}\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails where there is a file already, and shows a whole file or none.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    # What is sealed with the key may reach the disk before the name of its file does.
    _sync(path.parent)
    _sync(path.parent.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
