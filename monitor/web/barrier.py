"""What must this process never open: the files that are an account, a key or a secret?

The pages have no use for them. A container or unit file keeps them out of reach altogether (docker/compose.yaml); this keeps a
mistake of ours from reaching them where nothing else does. It stays in force as long as the process lives.
"""

import os
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from monitor.config import Settings


def secrets(settings: Settings) -> frozenset[str]:
    """Every file that the configuration names as a secret, session or key, links followed."""
    holders: list[Any] = [settings.ledger, *settings.accounts, *(via for _, via in settings.subscribers)]
    holders += [anchor.to for anchor in settings.anchors]
    holders += [each for each in (settings.bot, settings.mail) if each is not None]
    files = [
        value
        for holder in holders
        for key in holder.__struct_fields__
        if key.endswith("_file") and (value := getattr(holder, key))
    ]
    key = settings.ledger.signing_key_file
    files += [
        key.with_name(f"{key.name}.next"),
        *key.parent.glob(f"{key.name}.until-*"),
    ]  # while it is changed, and after
    return frozenset(os.path.realpath(file) for file in files)


def forbid(files: Iterable[str]) -> None:
    """From now on Python opens none of these files in this process: PermissionError.

    Libraries that open files by themselves are not seen: of them there is SQLite (pysqlite3), which is given the names of the
    store's own files and no other.
    """
    forbidden = frozenset(files)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.open", "os.link", "os.symlink", "os.rename", "shutil.copyfile", "sqlite3.connect"):
            for name in arguments[:2]:
                if isinstance(name, str | bytes | os.PathLike) and os.path.realpath(_path(name)) in forbidden:
                    raise PermissionError("the pages open no secret")

    sys.addaudithook(hook)


def _path(name: str | bytes | os.PathLike[Any]) -> str:
    """SQLite takes addresses too: `file:…?mode=ro`."""
    path = os.fsdecode(name)
    return unquote(urlsplit(path).path) if path.startswith("file:") else path
