"""How do the parts of the script become one file, that needs nothing of ours?"""

import ast
from pathlib import Path

PARTS = ("files", "values", "ed25519", "checkpoint", "stamps", "telling", "records", "verify")
"""Each needs only those before it."""
_FOLDER = Path(__file__).parent / "script"
_HEAD = '''#!/usr/bin/env python3
"""Is this evidence package what it was, and are its records in the ledger that was signed for?

Needs Python 3.9 or later and its standard library, no network and nothing else: python3 -I -S verify.py [BAG].
"""

from __future__ import annotations
'''


def joined() -> str:
    """The text of `verify.py` as it is in every package."""
    return _HEAD + "".join(
        f"\n# {'-' * 100} {part}\n\n{_alone((_FOLDER / f'{part}.py').read_text('utf-8'))}" for part in PARTS
    )


def _alone(text: str) -> str:
    """Without its imports of the other parts, which stand before it."""
    lines = text.splitlines(keepends=True)
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(("monitor.", "__future__")):
            last = statement.end_lineno or statement.lineno
            lines[statement.lineno - 1 : last] = [""] * (last - statement.lineno + 1)
    return "".join(lines)
