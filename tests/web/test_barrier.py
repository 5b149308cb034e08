"""What the pages must never open"""

import os
from pathlib import Path

from monitor.config import load
from monitor.web.barrier import secrets


def test_sec_11_holds_the_signing_key_also_while_and_after_it_is_changed_and_what_anchors_sign_with(
    tmp_path: Path,
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "config" / "monitor.toml").write_text(
        '[[anchor]]\nkind = "webhook"\nname = "w"\nurl = "https://desk.example/c"\nsecret_file = "secrets/checkpoints"\n'
        '[mail]\nhost = "smtp.desk.example"\nfrom = "monitor@desk.example"\nuser = "m"\npassword_file = "secrets/mail"\n'
    )
    (tmp_path / "var" / "ledger.key.until-7").touch()

    found = secrets(load(tmp_path / "config", {}))

    files = ("var/ledger.key", "var/ledger.key.next", "var/ledger.key.until-7", "secrets/checkpoints", "secrets/mail")
    assert {os.path.realpath(tmp_path / file) for file in files} <= found
