"""What does one connected client hear from us?"""

import asyncio
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from telethon.tl import functions, types

from monitor.rehearsal.account import Account, Device
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.api.methods import answer, is_open
from monitor.rehearsal.api.scribe import Scribe
from monitor.rehearsal.api.updates import notice, push
from monitor.rehearsal.calls import Called, Calls
from monitor.rehearsal.channel import Event, Notice
from monitor.rehearsal.faults import Faults, Met
from monitor.rehearsal.mtproto import objects
from monitor.rehearsal.mtproto.cipher import Envelope, key_id, open_packet, seal
from monitor.rehearsal.mtproto.handshake import Handshake, ServerKey
from monitor.rehearsal.mtproto.transport import Malformed, Transport, recognise
from monitor.rehearsal.world import World

_UNKNOWN_KEY = struct.pack("<i", -404)
_TOO_LOW, _TOO_HIGH, _NOT_OURS, _WRONG_SALT = 16, 17, 18, 48
_OLDEST, _NEWEST = 300, 30
"""Seconds by which a message's id may be old or new (https://core.telegram.org/mtproto/description#message-identifier-msg-id)."""
_ANSWERS_KEPT = 32
_WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeAfterMsgRequest,
    functions.InvokeAfterMsgsRequest,
    functions.InvokeWithoutUpdatesRequest,
)


class Desk:
    """What all sessions of a server share."""

    def __init__(self, world: World, faults: Faults, calls: Calls, key: ServerKey, *, packet: int) -> None:
        self.world = world
        self.faults = faults
        self.calls = calls
        self.key = key
        self.packet = packet
        """How many pushed events go into one packet at most."""
        self.scribe = Scribe(world)
        self.host, self.port = "", 0
        self.bugs: list[Exception] = []
        """What went wrong in a callback, where nobody could be told; `serve` raises it at the end."""


class Session(asyncio.Protocol):
    """One connection, from its first byte to its end: keys, messages, answers and pushes."""

    def __init__(self, desk: Desk) -> None:
        self.device: Device | None = None
        self._desk = desk
        self._handshake = Handshake(desk.key, now=desk.world.seconds)
        self._buffer = bytearray()
        self._framing: Transport | None = None
        self._wire: asyncio.Transport | None = None
        self._session = 0
        self._salt_told = 0
        self._sequence = 0
        self._last_id = 0
        self._seen: int | None = None
        """How many of the world's pushes this client has had; None until it shows that it wants any."""
        self._paused = False
        self._woken = False
        self._out: list[tuple[int, int, bytes]] = []
        self._answers: OrderedDict[int, bytes] = OrderedDict()
        self._unwatch: Callable[[], None] = lambda: None
        self._hang_up: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------------------------------------- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a session needs a stream")
        self._wire = transport
        self._unwatch = self._desk.world.watch(self._wake)
        self._desk.faults.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire = None
        self._unwatch()
        self._desk.faults.connections.discard(self)
        if self._hang_up is not None:
            self._hang_up.cancel()

    def abort(self) -> None:
        if self._wire is not None:
            self._wire.abort()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        if not self._desk.faults.admit():
            return
        self._buffer += data
        self._guard(self._read)

    def _read(self) -> None:
        if self._framing is None:
            self._framing = recognise(self._buffer)
        if self._framing is not None:
            for packet in self._framing.read(self._buffer):
                self._packet(packet)

    def _guard(self, work: Callable[[], None]) -> None:
        """A peer that speaks nonsense is cut off; a bug of ours is kept for whoever runs the server."""
        try:
            work()
        except Malformed:
            self.abort()
        except Exception as bug:
            self._desk.bugs.append(bug)
            self.abort()

    # -------------------------------------------------------------------------------------------------------- packets

    def _packet(self, packet: bytes) -> None:
        if len(packet) < 20:
            raise Malformed("a packet of less than a head")
        if packet[:8] == bytes(8):
            self._plain(packet)
            return
        device = self._desk.world.devices.get(int.from_bytes(packet[:8], "little"))
        if device is None:
            self._send(_UNKNOWN_KEY)
            if self._wire is not None:
                self._wire.close()
            return
        self.device = device
        self._message(device, open_packet(device.key, packet[8:]))

    def _plain(self, packet: bytes) -> None:
        (length,) = struct.unpack_from("<i", packet, 16)
        if not 0 < length <= len(packet) - 20:
            raise Malformed("a plain message of odd length")
        try:
            request = objects.read(packet[20 : 20 + length])
        except objects.Unknown as unknown:
            raise Malformed("a key exchange of an unknown kind") from unknown
        body = bytes(self._handshake.answer(request))
        self._send(struct.pack("<qqi", 0, self._next_id(1), len(body)) + body)
        if self._handshake.key is not None:
            world, id = self._desk.world, key_id(self._handshake.key)
            device = Device(key=self._handshake.key, id=id, salt=world.secret("salt", id), created=world.now())
            world.devices[id] = device

    def _message(self, device: Device, envelope: Envelope) -> None:
        if envelope.session != self._session:
            self._session, self._sequence, self._salt_told = envelope.session, 0, 0
        if wrong := self._wrong(device, envelope):
            self._tell(wrong)
        else:
            if self._salt_told != device.salt:
                self._salt_told = device.salt
                self._tell(types.NewSessionCreated(envelope.id, self._desk.world.secret("session"), device.salt))
            for id, sequence, body in objects.messages(envelope.id, envelope.sequence, envelope.body):
                self._inner(device, id, sequence, body)
        self._flush()

    def _wrong(self, device: Device, envelope: Envelope) -> Any:
        """What the client must put right before it is heard."""
        age = self._desk.world.seconds() - (envelope.id >> 32)
        code = 0
        if envelope.id % 4:
            code = _NOT_OURS
        elif age > _OLDEST:
            code = _TOO_LOW
        elif age < -_NEWEST:
            code = _TOO_HIGH
        if code:
            return types.BadMsgNotification(envelope.id, envelope.sequence, code)
        if envelope.salt != device.salt:
            return types.BadServerSalt(envelope.id, envelope.sequence, _WRONG_SALT, device.salt)
        return None

    # ------------------------------------------------------------------------------------------------------- messages

    def _inner(self, device: Device, id: int, sequence: int, body: bytes) -> None:
        """One message of the client: about the protocol itself, or the call of a method."""
        try:
            said = objects.read(body)
        except objects.Unknown as unknown:
            self._answer(id, objects.error(400, f"INPUT_CONSTRUCTOR_INVALID_{unknown}"))
            return
        match said:
            case functions.PingRequest() | functions.PingDelayDisconnectRequest():
                self._tell(types.Pong(id, said.ping_id))
                if isinstance(said, functions.PingDelayDisconnectRequest):
                    self._disconnect_in(said.disconnect_delay)
            case types.MsgsAck() | types.MsgsStateInfo() | types.MsgsAllInfo() | types.HttpWait():
                pass
            case types.MsgsStateReq():
                self._tell(types.MsgsStateInfo(id, "\x04" * len(said.msg_ids)))
            case types.MsgResendReq():
                for wanted in said.msg_ids:
                    if wanted in self._answers:
                        self._put(self._answers[wanted], 1)
            case functions.GetFutureSaltsRequest():
                now = self._desk.world.seconds()
                self._tell(types.FutureSalts(id, now, [types.FutureSalt(now, now + 3600, device.salt)]))
            case functions.DestroySessionRequest():
                known = said.session_id != self._session
                kind = types.DestroySessionNone if known else types.DestroySessionOk
                self._tell(kind(said.session_id))
            case functions.DestroyAuthKeyRequest():
                self._desk.world.devices.pop(device.id, None)
                self._tell(types.DestroyAuthKeyOk())
            case functions.RpcDropAnswerRequest():
                self._answer(id, objects.write(types.RpcAnswerUnknown()))
            case _:
                self._call(device, id, said)

    def _call(self, device: Device, id: int, request: Any) -> None:
        quiet = False
        while isinstance(request, _WRAPPERS):
            quiet = quiet or isinstance(request, functions.InvokeWithoutUpdatesRequest)
            request = request.query
        desk = self._desk
        call = Call(desk.world, desk.scribe, device, request, host=desk.host, port=desk.port)
        met = desk.faults.meet(call.method, device.account, call.names()) or Met()
        caller = device.account
        if met.cut:
            self.abort()
            return
        body, error = self._act(call, met)
        who = caller or device.account
        desk.calls.note(Called(desk.world.now(), who.key if who else None, call.method, call.names(), error))
        if met.lost:
            self.abort()
            return
        if not quiet and self._seen is None and device.account is not None and not is_open(call.method):
            self._seen = len(desk.world.pushes)
        self._deliver(id, body, met)

    def _act(self, call: Call, met: Met) -> tuple[bytes, str | None]:
        try:
            if met.error is not None:
                raise Rejected(met.error)
            call.too_long = met.too_long
            return objects.write(answer(call)), None
        except Rejected as rejected:
            return objects.error(rejected.code, rejected.error), rejected.error

    def _deliver(self, id: int, body: bytes, met: Met) -> None:
        """Answer now, or acknowledge now and answer when the fault lets us."""
        session = self._session

        def late() -> None:
            if self._wire is not None and self._session == session:
                self._answer(id, body)
                self._flush()

        if met.held is not None:
            self._tell(types.MsgsAck([id]))
            met.held.keep(late)
        elif met.seconds:
            self._tell(types.MsgsAck([id]))
            asyncio.get_running_loop().call_later(met.seconds, late)
        else:
            self._answer(id, body)

    def _disconnect_in(self, seconds: int) -> None:
        if self._hang_up is not None:
            self._hang_up.cancel()
        self._hang_up = asyncio.get_running_loop().call_later(seconds, self.abort)

    # --------------------------------------------------------------------------------------------------------- pushes

    def _wake(self) -> None:
        """There may be something to push. What is published before the loop comes round goes out together."""
        if not self._woken and self._seen is not None:
            self._woken = True
            asyncio.get_running_loop().call_soon(self._guard, self._push)

    def _push(self) -> None:
        self._woken = False
        while self._seen is not None and not self._paused and self._wire is not None:
            account = self.device.account if self.device else None
            if account is None or (self.device and self.device.dead) or not self._desk.faults.admit():
                return
            fresh = self._desk.world.pushes[self._seen : self._seen + self._desk.packet]
            if not fresh:
                return
            self._seen += len(fresh)
            for updates in self._updates(account, fresh):
                self._put(objects.write(updates), 3)
                self._flush()

    def _updates(self, account: Account, fresh: Sequence[Event | Notice]) -> Iterator[Any]:
        """The packets in which this account is told of what concerns it."""
        world, joined = self._desk.world, account.joined
        wanted = [each for each in fresh if isinstance(each, Event) and each.channel in joined]
        for events in self._desk.faults.spread(account, wanted) if wanted else ():
            yield push(world, self._desk.scribe, account, events)
        for each in fresh:
            if isinstance(each, Notice) and (
                each.account == account.id if each.account is not None else each.channel in joined
            ):
                yield notice(world, account, each.channel)

    # -------------------------------------------------------------------------------------------------------- sending

    def _answer(self, request: int, body: bytes) -> None:
        whole = objects.result(request, body)
        self._answers[self._put(whole, 1)] = whole
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)

    def _tell(self, said: Any) -> None:
        """Something about the protocol itself; it is not acknowledged."""
        self._out.append((self._next_id(1), self._sequence * 2, objects.write(said)))

    def _put(self, body: bytes, kind: int) -> int:
        """Something that the client acknowledges: an answer (1) or a push (3). Its message id."""
        id = self._next_id(kind)
        self._out.append((id, self._sequence * 2 + 1, body))
        self._sequence += 1
        return id

    def _flush(self) -> None:
        parts, self._out = self._out, []
        device = self.device
        if not parts or device is None:
            return
        if len(parts) > 1:
            parts = [(self._next_id(1), self._sequence * 2, objects.container(parts))]
        ((id, sequence, body),) = parts
        envelope = Envelope(device.salt, self._session, id, sequence, body)
        self._send(seal(device.key, device.id.to_bytes(8, "little"), envelope))

    def _send(self, packet: bytes) -> None:
        if self._wire is not None and self._framing is not None and self._desk.faults.admit():
            self._wire.write(self._framing.frame(packet))

    def _next_id(self, kind: int) -> int:
        """The server's message ids: its time in the upper 32 bits, rising, 1 or 3 modulo 4."""
        seconds, milliseconds = divmod(self._desk.world.now(), 1000)
        id = (seconds << 32 | milliseconds * 4294967) & ~3 | kind
        self._last_id = max(id, (self._last_id & ~3) + 4 | kind)
        return self._last_id
