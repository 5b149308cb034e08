"""Which keys of monitor.toml does the environment override, and with what?"""

import hashlib
import tomllib
from collections.abc import Mapping
from typing import Any

from monitor.config.depth import too_deep
from monitor.config.files import MonitorFile
from monitor.config.fitting import leaves
from monitor.config.mistakes import Mistake, Notes, Path, meant

PREFIX = "MONITOR_"

_NOT_OURS = ("MONITOR_DATA", "MONITOR_FULL")
"""The test suite's own."""


def overrides(
    document: Mapping[str, Any], env: Mapping[str, str], notes: Notes
) -> tuple[dict[Path, Any], dict[Path, str]]:
    """The values by their place in the document, and the variable that each came from."""
    known = {_variable(place): place for place in leaves(MonitorFile, document)}
    values: dict[Path, Any] = {}
    variables: dict[Path, str] = {}
    for variable in sorted(env):
        if not variable.startswith(PREFIX) or variable in _NOT_OURS:
            continue
        if variable not in known:
            notes.mistakes.append(Mistake(file="environment", key=variable, problem=_unknown(variable, known)))
            continue
        values[known[variable]] = _value(env[variable])
        variables[known[variable]] = variable
    return values, variables


def overridden(document: Any, values: Mapping[Path, Any]) -> Any:
    """A copy of the document with these values in their places. A table on the way that is no table stays as it is."""
    if not values:
        return document
    if isinstance(document, list):
        return [overridden(entry, _below(values, place)) for place, entry in enumerate(document)]
    if not isinstance(document, dict):
        return document
    copy = dict(document)
    for key in {place[0] for place in values if isinstance(place[0], str)}:
        copy[key] = values[(key,)] if (key,) in values else overridden(document.get(key, {}), _below(values, key))
    return copy


def digest(env: Mapping[str, str], variables: Mapping[Path, str]) -> str:
    """SHA-256 in hex of what was overridden. Proxies are left out: they hold passwords, and a digest of one can be guessed at."""
    named = [variable for place, variable in variables.items() if place[-1] != "proxy"]
    lines = [f"{variable}={env[variable]}" for variable in sorted(named)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _variable(place: Path) -> str:
    return PREFIX + "__".join(str(step).upper() for step in place)


def _value(text: str) -> Any:
    """The text as a TOML value, else as it is."""
    if too_deep(text):
        return text
    try:
        document = tomllib.loads(f"value = {text}")
    except ValueError:
        return text
    # More than one key: a line break smuggled further keys in, so it was no value.
    return document["value"] if len(document) == 1 else text


def _unknown(variable: str, known: Mapping[str, Path]) -> str:
    inside = sorted(name for name in known if name.startswith(f"{variable}__"))
    if inside:
        return f"names a table; name one of its keys, as {inside[0]}"
    return f"unknown variable{meant(variable, known, otherwise='; docs/operations.md has the keys')}"


def _below(values: Mapping[Path, Any], step: str | int) -> dict[Path, Any]:
    return {place[1:]: value for place, value in values.items() if place[0] == step and len(place) > 1}
