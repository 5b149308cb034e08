"""monitor demo: the sample story, told by a Telegram on loopback to the daemon as it is."""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path

import click
import msgspec

from monitor import logs
from monitor.cli.ending import until_told
from monitor.cli.pages import served
from monitor.cli.rehearsing import Outcome, outcome
from monitor.cli.screen import emit, line, prose, say
from monitor.cli.usage import Usage, with_usage
from monitor.cli.verifying import walk
from monitor.config import Settings, load
from monitor.errors import ConfigError, Unavailable
from monitor.ports import Store
from monitor.rehearsal import World, serve, sign_in
from monitor.rehearsal.script import read
from monitor.rehearsal.story import Scene, play, prepare
from monitor.stores.sqlite.store import open_store
from monitor.telegram.client import locked

BASE = Path("var/demo")
"""Where the rehearsal keeps its configuration and its ledger, below the directory that it is called in."""
MARK = "made-by-monitor-demo"
PHONE, TOKEN, CHAT = "+9996600001", "100001:REHEARSAL", -4242
TERMINAL, DESK = "terminal", "desk"
LOOK = (
    "story show belgorod-exchange",
    "show russvolcorps/619",
    "show russvolcorps/621",
    "search обмен",
    "verify",
)
"""What is worth a look afterwards; the two posts are the one that was edited and the one that was deleted."""
PATIENCE = 60.0
"""Seconds for the daemon to meet all channels, and again after the last event for all alerts to arrive."""


@click.command()
@click.option("--once", is_flag=True, help="End when the story is told; 0 only if every alert came, exactly once.")
@click.option("--speed", type=click.FloatRange(min=0.1), default=120.0, show_default=True, help="Divides the pauses.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="For the pages; any that is free by default.")
@with_usage
def command(usage: Usage, *, once: bool, speed: float, port: int) -> int:
    """Tell the sample story, Belgorod in June 2023, on a Telegram of its own: no account, no network. The daemon reads it with
    the real client over the real protocol, and its alerts are printed as they come; of every other post it is said what might
    have been taken for the story in it. The pages are served meanwhile, at an address that is printed, to a person made for it.
    Log lines with --verbose.

    \b
    Example:
      monitor demo --once --speed 600
    """
    logs.configure(verbose=usage.verbose, quiet=not usage.verbose)
    BASE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(BASE.with_suffix(".lock"), what=f"the rehearsal in {BASE}"):
        code = asyncio.run(until_told(_demo(usage, once=once, speed=speed, port=port)))
    if code is None:
        raise KeyboardInterrupt  # the story was not told to its end
    return code


async def _demo(usage: Usage, *, once: bool, speed: float, port: int) -> int:
    from monitor.daemon import run  # the dictionaries, for which `--help` need not wait

    sample = Path(str(files("monitor.rehearsal") / "belgorod"))
    story = read(sample / "story.toml")
    world = World()
    prepare(story, world)
    world.add_account(PHONE, joined=[cast.username for cast in story.channels])
    world.add_bot(TOKEN)
    world.add_chat(CHAT, "The desk")
    async with serve(world) as server:
        _make(sample, dc=server.dc, host=server.host, port=server.port, key=server.public_key)
        await sign_in(server, BASE / "var" / "reader-1.session", PHONE)
        settings = _never_late(load(BASE / "config", {}, secrets=True))
        if not usage.json:
            say(story.title, style="bold")
            prose(f"{story.note.strip()}\n")
        # The store is made here, so that it can be looked at while the daemon fills it.
        async with open_store(settings.store.path) as store, served(store, BASE / "config", port=port) as pages:
            if not usage.json:
                say(f"The pages are at {pages.address} : sign in as {pages.name} with the password {pages.password}\n")
            daemon = asyncio.create_task(run(settings, out=sys.stderr if usage.json else sys.stdout))
            try:
                await _until(daemon, lambda: _met(store, len(story.channels)))
                await play(story, world, speed=speed, told=_nothing if usage.json else _say_why_not)

                async def come() -> bool:
                    return (await outcome(story, store, world, subscribers=(TERMINAL, DESK), chat=DESK)).right

                await _until(daemon, come, fail=False)
                await asyncio.sleep(1)  # for one alert too many to show itself
                came = await outcome(story, store, world, subscribers=(TERMINAL, DESK), chat=DESK)
                if not once:
                    say(f"\nThe pages are at {pages.address} : {pages.name}, {pages.password}")
                    say("The story is told. The daemon goes on watching; Ctrl-C ends it.")
                    await daemon
            finally:
                daemon.cancel()
                await asyncio.gather(daemon, return_exceptions=True)
    verified = await _verified(settings)
    if usage.json:
        emit({"right": came.right and verified, "verified": verified, **_figures(came)})
    else:
        _show(came, verified=verified)
    return 0 if came.right and verified else 1


def _nothing(scene: Scene) -> None:
    """For programs: what came of it is all they are told."""


def _say_why_not(scene: Scene) -> None:
    """Of what must alert nobody, what might have been taken for a story in it."""
    if not scene.alerts:
        say(f"no alert · {line(f'{scene.channel}/{scene.post}: {scene.why_not}')}\n", style="dim")


async def _until(daemon: "asyncio.Task[None]", condition: Callable[[], Awaitable[bool]], *, fail: bool = True) -> None:
    """Waits for the condition; a daemon that ended before raises what ended it."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await condition():
                if daemon.done():
                    await daemon
                await asyncio.sleep(0.1)
    except TimeoutError:
        if fail:
            raise Unavailable(f"the daemon did not get ready within {PATIENCE:g} s") from None


async def _met(store: Store, channels: int) -> bool:
    return len(await store.peers.contacts()) == channels


async def _verified(settings: Settings) -> bool:
    report = await walk(settings, [], quick=False, moved=lambda done, of: None)
    return report.broken is None


def _make(sample: Path, *, dc: int, host: str, port: int, key: str) -> None:
    """The rehearsal's own installation, anew."""
    if BASE.exists() and not (BASE / MARK).exists():
        raise ConfigError(f"{BASE} was not made by monitor demo; move it away, or call the demo from another directory")
    shutil.rmtree(BASE, ignore_errors=True)
    for folder in ("config", "secrets", "var"):
        (BASE / folder).mkdir(mode=0o700, parents=True)
    (BASE / MARK).touch()
    shutil.copy(sample / "channels.toml", BASE / "config")
    shutil.copytree(sample / "stories", BASE / "config" / "stories")
    (BASE / "config" / "monitor.toml").write_text(MONITOR.format(dc=dc, host=host, port=port))
    (BASE / "config" / "subscribers.toml").write_text(SUBSCRIBERS)
    (BASE / "var" / "server.pem").write_text(key)
    for name, value in (("api_hash", "0" * 32), ("bot_token", TOKEN)):
        (BASE / "secrets" / name).touch(mode=0o600)
        (BASE / "secrets" / name).write_text(value)


def _never_late(settings: Settings) -> Settings:
    """A reconstruction is told years afterwards; no alert of it is late."""
    replace = msgspec.structs.replace
    return replace(settings, collect=replace(settings.collect, late_seconds=100 * 366 * 86400))


def _figures(came: Outcome) -> dict[str, object]:
    return msgspec.to_builtins(came)  # type: ignore[no-any-return]


def _show(came: Outcome, *, verified: bool) -> None:
    for what, posts in (
        ("missing", came.missing),
        ("not expected", came.unexpected),
        ("not delivered", came.undelivered),
    ):
        for post in posts:
            say(f"{what}: {post}", style="red")
    if came.doubled or came.unsent:
        say(f"in the chat: {came.doubled} twice, {came.unsent} not as owed", style="red")
    say(
        f"{came.delivered} of {came.expected} expected alerts delivered, to a terminal and to a Telegram chat"
        f"{', each exactly once' if came.right else ''}. The ledger {'verifies' if verified else 'DOES NOT VERIFY'}.",
        style="green" if came.right and verified else "bold red",
    )
    say("\nLook at what it left:")
    for words in LOOK:
        say(f"  {_called()} {words} --config {BASE / 'config'}")


def _called() -> str:
    """How this program is called from here: a stranger who typed `make demo` has no `monitor` on the path."""
    found, called = shutil.which("monitor"), Path(sys.argv[0])
    if found is not None and Path(found).resolve() == called.resolve():
        return "monitor"
    return min(str(called), os.path.relpath(called), key=len) if called.name == "monitor" else "python -m monitor"


MONITOR = """# Made by monitor demo: a rehearsal on loopback.
[store]
path = "var/monitor.db"
[ledger]
origin = "rehearsal"
[[account]]
name = "reader-1"
api_id = 1
api_hash_file = "secrets/api_hash"
session_file = "var/reader-1.session"
[bot]
api_id = 1
api_hash_file = "secrets/api_hash"
token_file = "secrets/bot_token"
session_file = "var/bot.session"
[telegram.server]
dc = {dc}
host = "{host}"
port = {port}
public_key_file = "var/server.pem"
[collect]
poll_seconds = 5
[alerts]
edit_seconds = 0  # days pass in minutes here
spread_seconds = 0
"""
SUBSCRIBERS = f"""# Made by monitor demo.
[[subscriber]]
name = "{TERMINAL}"
time_zone = "Europe/Kyiv"
via = {{ kind = "console" }}
[[subscriber]]
name = "{DESK}"
time_zone = "Europe/Kyiv"
via = {{ kind = "telegram", chat = "{CHAT}" }}
"""
