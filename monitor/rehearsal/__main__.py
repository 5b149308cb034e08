"""The rehearsal Telegram as a process of its own: `python -m monitor.rehearsal --port 4430 --control 4431`.

It says where it is in one JSON line on standard output, and goes when it is told to (SIGTERM, SIGINT) or, with `--tied`, when
its standard input ends: so that it does not outlive whoever started it, however that one ended.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec

from monitor.rehearsal.control import Control, control
from monitor.rehearsal.preview import preview
from monitor.rehearsal.server import serve
from monitor.rehearsal.world import World


def main() -> None:
    about = argparse.ArgumentParser(prog="python -m monitor.rehearsal", description="A Telegram on loopback.")
    about.add_argument("--port", type=int, default=0, help="for clients; 0: any free one")
    about.add_argument("--control", type=int, default=0, help="for commands, one JSON object a line; 0: any free one")
    about.add_argument("--preview", type=int, default=0, help="for the public web pages; 0: any free one")
    about.add_argument("--script", type=Path, help="commands to begin with, one JSON object a line")
    about.add_argument("--story", type=Path, help="a story to prepare and play")
    about.add_argument("--speed", type=float, default=1.0, help="divides the story's pauses")
    about.add_argument("--packet", type=int, default=100, help="most events pushed in one packet")
    about.add_argument("--tied", action="store_true", help="end when standard input ends")
    asyncio.run(_run(about.parse_args()))


async def _run(wanted: argparse.Namespace) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, over.set)
    if wanted.tied:
        loop.add_reader(sys.stdin, lambda: None if os.read(sys.stdin.fileno(), 4096) else over.set())
    async with (
        serve(World(), wanted.port, packet=wanted.packet) as server,
        control(server, wanted.control) as port,
        preview(server.world, wanted.preview) as pages,
    ):
        desk = Control(server)
        for line in wanted.script.read_bytes().splitlines() if wanted.script else ():
            said = await desk.answer(line)
            if b'"error"' in said:
                raise SystemExit(f"{wanted.script}: {said.decode().strip()}")
        hello = {**desk.hello(), "control": port, "preview": pages.address}
        print(msgspec.json.encode(hello).decode(), flush=True)
        async with asyncio.TaskGroup() as tasks:
            playing = tasks.create_task(desk.play(wanted.story, wanted.speed)) if wanted.story else None
            await over.wait()
            if playing is not None:
                playing.cancel()


if __name__ == "__main__":
    main()
