"""The protocol below the methods, as the rehearsal server speaks it."""

import asyncio
import os
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telethon import functions, types
from telethon.network import ConnectionTcpAbridged, ConnectionTcpFull, ConnectionTcpIntermediate
from telethon_clients import Connect, Inbox

from monitor.rehearsal import Server, World
from monitor.rehearsal.mtproto.objects import container, messages, packed, unpacked
from monitor.rehearsal.mtproto.transport import Abridged, Full, Intermediate, Malformed, Transport, recognise


@pytest.mark.parametrize("transport", [ConnectionTcpFull, ConnectionTcpAbridged, ConnectionTcpIntermediate])
async def test_works_over_every_transport(connect: Connect, world: World, transport: type) -> None:
    long = world.publish("legion", "слово " * 5000)

    reader = await connect(connection=transport, sequential_updates=True)
    inbox = Inbox(reader)
    live = world.publish("legion", "live")

    assert await inbox.take() == [("new", (live, "live"))]
    assert (await reader.get_messages("legion", ids=long)).message == "слово " * 5000


async def test_answers_what_is_about_the_protocol_itself(connect: Connect) -> None:
    reader = await connect()

    pong = await reader._sender.send(functions.PingRequest(5))
    salts = await reader._sender.send(functions.GetFutureSaltsRequest(2))
    gone = await reader._sender.send(functions.DestroySessionRequest(12345))
    dropped = await reader._sender.send(functions.RpcDropAnswerRequest(1))

    assert (pong.ping_id, salts.salts[0].salt) == (5, reader._sender._state.salt)
    assert isinstance(gone, types.DestroySessionNone)
    assert isinstance(dropped, types.RpcAnswerUnknown)


async def test_takes_many_calls_in_one_packet_and_in_order(connect: Connect, world: World) -> None:
    reader = await connect()
    ids = world.publish_many("legion", ["a", "b", "c"])
    peer = await reader.get_input_entity("legion")

    answers = await reader([functions.channels.GetMessagesRequest(peer, [types.InputMessageID(i)]) for i in ids])

    assert [answer.messages[0].message for answer in answers] == ["a", "b", "c"]


async def test_takes_calls_that_are_packed(connect: Connect, world: World) -> None:
    world.add_chat(555, "a person")
    world.add_bot("5:X")
    bot = await connect("5:X")

    await bot.send_message(555, "слово " * 600)

    assert world.sent[0].text == ("слово " * 600).strip()


async def test_hangs_up_on_a_madethat_asked_for_it_and_fell_silent(connect: Connect) -> None:
    reader = await connect(auto_reconnect=False)

    await reader._sender.send(functions.PingDelayDisconnectRequest(1, disconnect_delay=0))

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(reader.disconnected, 5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(
        [b"", b"\xef", b"\xef\x0a" + bytes(20), b"\xee\xee\xee\xee", struct.pack("<ii", 40, 0) + bytes(8)]
    ),
    rest=st.binary(max_size=200),
)
async def test_is_never_upset_by_bytes_that_mean_nothing(telegram: Server, start: bytes, rest: bytes) -> None:
    reader, writer = await asyncio.open_connection(telegram.host, telegram.port)
    writer.write(start + rest)
    writer.write_eof()
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()

    assert telegram.bugs == []


async def test_is_never_upset_by_well_framed_bytes_that_mean_nothing(telegram: Server, world: World) -> None:
    key = os.urandom(8)
    for body in (bytes(30), key + bytes(24), bytes(16) + b"\x0c\0\0\0" + os.urandom(12), bytes(8), key):
        reader, writer = await asyncio.open_connection(telegram.host, telegram.port)
        writer.write(Full().frame(body))
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) in (b"", Full().frame(struct.pack("<i", -404)))
        writer.close()

    assert telegram.bugs == []


# --------------------------------------------------------------------------------------------------------------- framing


@given(st.lists(st.binary(min_size=4, max_size=3000).map(lambda b: b[: len(b) // 4 * 4]), max_size=5), st.data())
@pytest.mark.parametrize("kind", [Full, Abridged, Intermediate])
def test_finds_packets_however_the_stream_is_cut(kind: Any, packets: list[bytes], data: Any) -> None:
    writer: Transport = kind()
    stream = b"".join(writer.frame(packet) for packet in packets)
    reader, buffer, found = kind(), bytearray(), list[bytes]()

    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        buffer += stream[:cut]
        stream = stream[cut:]
        found += reader.read(buffer)

    assert found == packets


def test_recognises_the_transport_by_its_first_bytes() -> None:
    assert isinstance(recognise(bytearray(b"\xef")), Abridged)
    assert isinstance(recognise(bytearray(b"\xee\xee\xee\xee")), Intermediate)
    assert isinstance(recognise(bytearray(struct.pack("<i", 40))), Full)
    assert recognise(bytearray(b"\xee\xee")) is None


@given(st.binary(max_size=5000))
def test_unpacks_what_it_packed(body: bytes) -> None:
    assert unpacked(packed(body)) == body or body[:4] == b"\xa1\xcf\x72\x30"


@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(0, 2**30), st.binary(max_size=50)), max_size=8))
def test_finds_in_a_container_what_was_put_in(parts: list[tuple[int, int, bytes]]) -> None:
    assert messages(1, 1, container(parts)) == parts


@given(st.binary(max_size=100))
def test_refuses_containers_that_are_none(rest: bytes) -> None:
    try:
        found = messages(1, 1, container([])[:4] + rest)
    except Malformed:
        return
    assert len(found) * 16 <= len(rest)
