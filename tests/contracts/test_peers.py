"""All peers"""

from builders import BRIDGE, HARBOUR, NOON

from monitor.model.channel import Identity
from monitor.ports import Contact, Peer, Store

READER = Peer("reader-1", "bridge_news", -1001234567890, 2**63 - 1)


async def test_belong_to_one_account(store: Store) -> None:
    others = Peer("reader-2", "bridge_news", READER.id, -(2**63))

    await store.peers.keep([READER, others])

    assert await store.peers.peers("reader-1") == [READER]
    assert await store.peers.peers("reader-2") == [others]
    assert await store.peers.peers("reader-3") == []


async def test_are_replaced_by_what_was_learned_last(store: Store) -> None:
    renamed = Peer("reader-1", None, READER.id, 5)

    await store.peers.keep([READER])
    await store.peers.keep([renamed])

    assert await store.peers.peers("reader-1") == [renamed]


async def test_remember_the_last_contact_with_each_channel(store: Store) -> None:
    await store.peers.met([Contact(BRIDGE, NOON, 100, pts=7), Contact(HARBOUR, NOON, 5)])
    await store.peers.met([Contact(BRIDGE, NOON + 1, 101, pts=9)])

    assert sorted(await store.peers.contacts(), key=lambda contact: contact.top) == [
        Contact(HARBOUR, NOON, 5),
        Contact(BRIDGE, NOON + 1, 101, pts=9),
    ]


async def test_do_not_go_back_to_an_older_contact(store: Store) -> None:
    await store.peers.met([Contact(BRIDGE, NOON + 1, 101)])
    await store.peers.met([Contact(BRIDGE, NOON, 100)])

    assert await store.peers.contacts() == [Contact(BRIDGE, NOON + 1, 101)]


async def test_take_a_channel_met_by_its_name_for_the_same_once_its_id_is_known(store: Store) -> None:
    await store.peers.met([Contact(Identity(username="Bridge_News"), NOON, 100)])
    await store.peers.met([Contact(BRIDGE, NOON + 1, 101)])

    assert await store.peers.contacts() == [Contact(BRIDGE, NOON + 1, 101)]
