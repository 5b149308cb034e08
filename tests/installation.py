"""A whole installation on disk, as an operator would make it, and its daemon as a process of its own."""

import asyncio
import base64
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

PHONE = "+9996612345"
BOT = "123456:REHEARSAL"
CHAT = -4001
SECRET = "whsec_" + base64.b64encode(b"a secret for rehearsals only....").decode()

STORY = """
title = "The bridge"
[entities.bridge]
kind = "place"
names = ["Крымский мост", "Crimean bridge"]
[topics]
damage = 'взрыв OR повреждение OR explosion'
[[flag]]
when = "bridge AND damage"
priority = "high"
"""


class Installation:
    """A directory with `config/`, `secrets/` and `var/`, for a rehearsal server at `port` with this `public_key`."""

    def __init__(self, base: Path, *, port: int, public_key: str) -> None:
        self.base = base
        self.config = base / "config"
        (self.config / "stories").mkdir(parents=True)
        for private in ("secrets", "var"):
            (base / private).mkdir(mode=0o700)
        self._secret("api_hash", "0123456789abcdef0123456789abcdef")
        self._secret("bot_token", BOT)
        self._secret("hook", SECRET)
        (base / "var" / "server.pem").write_text(public_key)
        self.server = (
            f'[telegram.server]\ndc = 2\nhost = "127.0.0.1"\nport = {port}\npublic_key_file = "var/server.pem"\n'
        )

    @property
    def session(self) -> Path:
        return self.base / "var" / "reader-1.session"

    @property
    def store(self) -> Path:
        return self.base / "var" / "monitor.db"

    def write(
        self,
        *,
        channels: Sequence[str],
        stories: Mapping[str, str] | None = None,
        webhook: str | None = None,
        bot: bool = False,
        collect: str = "poll_seconds = 2",
        alerts: str = "",
        notices: bool = False,
    ) -> None:
        """The configuration files. `alerts`: what stands in that table; `notices`: everybody is told of those too."""
        account = (
            '[[account]]\nname = "reader-1"\napi_id = 1\n'
            'api_hash_file = "secrets/api_hash"\nsession_file = "var/reader-1.session"\n'
        )
        bots = (
            '[bot]\napi_id = 1\napi_hash_file = "secrets/api_hash"\n'
            'token_file = "secrets/bot_token"\nsession_file = "var/bot.session"\n'
        )
        store = '[store]\nkind = "sqlite"\npath = "var/monitor.db"\n[ledger]\norigin = "rehearsal"\n'
        (self.config / "monitor.toml").write_text(
            f"{store}{account}{bots if bot else ''}{self.server}[collect]\n{collect}\n[alerts]\n{alerts}\n"
        )
        (self.config / "channels.toml").write_text(
            "".join(f'[[channel]]\n{_known_as(name)}\nparty = "Party of {name}"\n' for name in channels)
        )
        for name, story in (stories or {"bridge": STORY}).items():
            (self.config / "stories" / f"{name}.toml").write_text(story)
        vias = []
        if webhook:
            vias.append(
                f'name = "desk"\nvia = {{ kind = "webhook", url = "{webhook}", secret_file = "secrets/hook", '
                "allow_private_addresses = true }\n"
            )
        if bot:
            vias.append(f'name = "phone"\nvia = {{ kind = "telegram", chat = "{CHAT}" }}\n')
        if not vias:
            vias.append('name = "terminal"\nvia = { kind = "console" }\n')
        (self.config / "subscribers.toml").write_text(
            "".join(f'[[subscriber]]\nstories = ["*"]\nnotices = {str(notices).lower()}\n{via}' for via in vias)
        )

    async def start(
        self, *arguments: str, python: Sequence[str] = (), environment: Mapping[str, str] | None = None, **how: Any
    ) -> asyncio.subprocess.Process:
        """`monitor run`, or another command, of this installation. `python`: options of the interpreter; `how` it is started, if
        not with the log as its output."""
        program = (*python, "-m", "monitor", "--config", str(self.config), *(arguments or ("run",)))
        return await self.launch(*program, environment=environment, **how)

    async def launch(
        self, *program: str, environment: Mapping[str, str] | None = None, **how: Any
    ) -> asyncio.subprocess.Process:
        """A Python program that logs where the daemon does."""
        with (self.base / "daemon.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *program,
                stdin=asyncio.subprocess.DEVNULL,
                **{"stdout": log, "stderr": log, "env": None if environment is None else dict(environment), **how},
            )

    @asynccontextmanager
    async def running(self, *arguments: str, **how: Any) -> AsyncIterator[asyncio.subprocess.Process]:
        """The daemon, or another command, while the block lasts, then stopped as a service manager stops it. Its exit code must
        be 0."""
        process = await self.start(*arguments, **how)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            code = await asyncio.wait_for(process.wait(), 15)
        if code != 0:
            raise RuntimeError(f"the daemon ended with {code}:\n{self.log()}")

    async def first_line(self, *, seconds: float = 30) -> str:
        """What it says first."""
        path = self.base / "daemon.log"
        async with asyncio.timeout(seconds):
            while not path.exists() or "\n" not in path.read_text("utf-8", "replace"):
                await asyncio.sleep(0.02)
        return path.read_text("utf-8", "replace").splitlines()[0]

    async def command(self, *arguments: str, seconds: float = 60) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "monitor",
            "--config",
            str(self.config),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), seconds)
        return process.returncode or 0, out.decode(), err.decode()

    async def json(self, *arguments: str) -> Any:
        """What a command prints as one JSON document."""
        code, out, err = await self.command(*arguments, "--json")
        if code not in (0, 1):
            raise RuntimeError(err)
        return json.loads(out)

    def log(self) -> str:
        path = self.base / "daemon.log"
        return path.read_text("utf-8", "replace")[-6000:] if path.exists() else ""

    def _secret(self, name: str, value: str) -> None:
        path = self.base / "secrets" / name
        path.write_text(value)
        path.chmod(0o600)


def _known_as(name: str) -> str:
    return f"id = {name}" if name.startswith("-100") else f'username = "{name}"'


class Receiver:
    """A web server that takes webhooks, and remembers each by its id."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any], float]] = []
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Receiver"]:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield self
        finally:
            self._server.close()

    async def until(self, enough: Any, *, seconds: float = 60) -> None:
        """Returns when `enough(received)`. TimeoutError if it never is."""
        async with asyncio.timeout(seconds):
            while not enough(self.received):
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:] if ": " in line)
                headers = {name.lower(): value for name, value in headers.items()}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                arrived = asyncio.get_running_loop().time()
                self.received.append((headers["webhook-id"], json.loads(body), arrived))
                self._changed.set()
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
