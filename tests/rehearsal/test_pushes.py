"""A client that joined a channel is told of everything that happens there."""

from telethon_clients import Connect, Inbox

from monitor.rehearsal import World


async def test_in_order(connect: Connect, world: World) -> None:
    inbox = Inbox(await connect(sequential_updates=True))

    first = world.publish("legion", "the bridge stands")
    world.edit("legion", first, "the bridge fell")
    second = world.publish("legion", "Харків 🇺🇦")
    world.delete("legion", [first, second])

    assert await inbox.take(4) == [
        ("new", (first, "the bridge stands")),
        ("edited", (first, "the bridge fell")),
        ("new", (second, "Харків 🇺🇦")),
        ("deleted", [first, second]),
    ]


async def test_each_once_however_many(connect: Connect, world: World) -> None:
    inbox = Inbox(await connect(sequential_updates=True))

    ids = world.publish_many("legion", [f"post {n}" for n in range(1000)])

    assert [what[0] for _, what in await inbox.take(1000)] == ids
    assert inbox.empty()


async def test_but_not_in_channels_it_has_not_joined(connect: Connect, world: World) -> None:
    world.add_channel("corps")
    inbox = Inbox(await connect(sequential_updates=True))

    world.publish("corps", "not for you")
    mine = world.publish("legion", "for you")

    assert await inbox.take() == [("new", (mine, "for you"))]


async def test_unless_it_asked_not_to_be(connect: Connect, world: World) -> None:
    quiet = Inbox(await connect(receive_updates=False))
    heard = Inbox(await connect())

    world.publish("legion", "hello")

    await heard.take()
    assert quiet.empty()
