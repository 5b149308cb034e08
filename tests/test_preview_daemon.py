"""The daemon without any account: public pages in, alerts out"""

import asyncio
from pathlib import Path

from installation import Installation, Receiver

from monitor.rehearsal import World, preview
from monitor.stores.sqlite.store import open_store

FLAGGED = "Взрыв на Крымском мосту"


def installed(base: Path, address: str, *, webhook: str | None = None) -> Installation:
    """Channels that are read from the pages at this address, at the pace of a rehearsal."""
    made = Installation(base, port=1, public_key="")
    made.write(channels=["bridge_news"], webhook=webhook)
    table = f'[preview]\naddress = "{address}"\nrequests_per_second = 50\n[collect]\npoll_seconds = 0.5\n'
    (made.config / "monitor.toml").write_text(
        f'[store]\npath = "var/monitor.db"\n[ledger]\norigin = "rehearsal"\n{table}'
    )
    channels = '[[channel]]\nusername = "bridge_news"\nparty = "The bridge"\nsource = "preview"\n'
    (made.config / "channels.toml").write_text(channels)
    return made


async def test_tells_of_a_flagged_post_and_needs_no_account(tmp_path: Path) -> None:
    world = World()
    world.add_channel("bridge_news")
    async with preview(world) as pages, Receiver().open() as receiver:
        installation = installed(tmp_path, pages.address, webhook=receiver.url)
        async with open_store(installation.store) as store, installation.running():
            async with asyncio.timeout(40):
                while not await store.peers.contacts():
                    await asyncio.sleep(0.05)
            post = world.publish("bridge_news", f"{FLAGGED}, сообщают жители.")
            world.publish("bridge_news", "Погода не изменится.")
            await receiver.until(lambda received: received)
        status = await installation.json("status")

    (_, body, _), *more = receiver.received
    assert more == []
    assert (body["event"], body["post"]["id"], body["post"]["party"]) == ("published", post, "The bridge")
    assert body["post"]["channel_id"] == str(world.channel("bridge_news").id)
    assert "preview" in str(status)


async def test_history_can_be_read_without_an_account(tmp_path: Path) -> None:
    world = World()
    world.add_channel("bridge_news")
    world.publish_many("bridge_news", [f"old {number}" for number in range(70)])
    world.delete("bridge_news", range(30, 35))
    async with preview(world) as pages:
        installation = installed(tmp_path, pages.address)
        code, out, complaint = await installation.command("backfill", "bridge_news", "--json")

        async with open_store(installation.store) as store:
            records = await store.ledger.read(0, 1000)

    assert code == 0, complaint
    assert '"posts":66' in out.replace(" ", "")
    assert sorted(each.post for each in records if each.said) == [*range(1, 30), *range(35, 72)]
