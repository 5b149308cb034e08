"""What tests of the configuration share: sessions as Telethon writes them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from telethon.crypto import AuthKey
from telethon.sessions import SQLiteSession

Session = Callable[..., Path]


@pytest.fixture
def session() -> Session:
    """Writes a session to this path, `key=False`: one with which nobody has signed in."""

    def written(path: Path, *, key: bool = True) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = SQLiteSession(str(path))
        if key:
            made.set_dc(2, "127.0.0.1", 443)
            made.auth_key = AuthKey(data=os.urandom(256))
            made.save()
        made.close()
        path.chmod(0o600)
        return path

    return written
