"""What does one connected client hear from us?"""

import asyncio
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from telethon.tl import functions, types

from monitor.rehearsal.account import Account, Device, Letter
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.api.methods import answer, is_open
from monitor.rehearsal.api.updates import letter, login_token_scanned, notice, push
from monitor.rehearsal.befalling import Met
from monitor.rehearsal.calls import Called
from monitor.rehearsal.channel import Event, Notice
from monitor.rehearsal.mtproto import objects
from monitor.rehearsal.mtproto.cipher import Envelope, key_id, open_packet
from monitor.rehearsal.mtproto.desk import Desk
from monitor.rehearsal.mtproto.handshake import Handshake
from monitor.rehearsal.mtproto.outgoing import ANSWER, Outgoing
from monitor.rehearsal.mtproto.transport import Malformed, Transport, recognise
from monitor.rehearsal.tokens import Token

_UNKNOWN_KEY = struct.pack("<i", -404)
_TOO_LOW, _TOO_HIGH, _NOT_OURS, _WRONG_SALT = 16, 17, 18, 48
_OLDEST, _NEWEST = 300, 30
"""Seconds by which a message's id may be old or new (https://core.telegram.org/mtproto/description#message-identifier-msg-id)."""
_WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeAfterMsgRequest,
    functions.InvokeAfterMsgsRequest,
    functions.InvokeWithoutUpdatesRequest,
)


class Session(asyncio.Protocol):
    """One connection, from its first byte to its end: keys, messages, answers and pushes."""

    def __init__(self, desk: Desk, dc: int) -> None:
        self.device: Device | None = None
        self._dc = dc
        self._desk = desk
        self._handshake = Handshake(desk.key, now=desk.world.seconds)
        self._buffer = bytearray()
        self._framing: Transport | None = None
        self._wire: asyncio.Transport | None = None
        self._out = Outgoing(now=desk.world.now)
        self._salt_told = 0
        self._seen: int | None = None
        """How many of the world's pushes this client has had; None until it shows that it wants any."""
        self._told_scanned: Token | None = None
        self._paused = False
        self._woken = False
        self._unwatch: Callable[[], None] = lambda: None
        self._hang_up: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------------------------------------- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a session needs a stream")
        self._wire = transport
        self._desk.peers.append(transport.get_extra_info("peername"))
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
        if self._desk.faults.admit():
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
        """A step of the key exchange."""
        (length,) = struct.unpack_from("<i", packet, 16)
        if not 0 < length <= len(packet) - 20:
            raise Malformed("a plain message of odd length")
        try:
            request = objects.read(packet[20 : 20 + length])
        except objects.Unknown as unknown:
            raise Malformed("a key exchange of an unknown kind") from unknown
        body = bytes(self._handshake.answer(request))
        self._send(struct.pack("<qqi", 0, self._out.next_id(ANSWER), len(body)) + body)
        if self._handshake.key is not None:
            world, id = self._desk.world, key_id(self._handshake.key)
            device = Device(
                key=self._handshake.key, id=id, salt=world.secret("salt", id), created=world.now(), dc=self._dc
            )
            world.devices[id] = device

    def _message(self, device: Device, envelope: Envelope) -> None:
        if envelope.session != self._out.session:
            self._out.begin(envelope.session)
            self._salt_told = 0
        if wrong := self._wrong(device, envelope):
            self._out.tell(wrong)
        else:
            if self._salt_told != device.salt:
                self._salt_told = device.salt
                unique = self._desk.world.secret("session", envelope.session)
                self._out.tell(types.NewSessionCreated(envelope.id, unique, device.salt))
            for id, _, body in objects.messages(envelope.id, envelope.sequence, envelope.body):
                self._inner(device, id, body)
        self._flush()

    def _wrong(self, device: Device, envelope: Envelope) -> Any:
        """What the client must put right before it is heard; None if nothing."""
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

    def _inner(self, device: Device, id: int, body: bytes) -> None:
        """One message of the client: about the protocol itself, or the call of a method."""
        try:
            said = objects.read(body)
        except objects.Unknown as unknown:
            self._out.answer(id, objects.error(400, f"INPUT_CONSTRUCTOR_INVALID_{unknown}"))
            return
        match said:
            case functions.PingRequest() | functions.PingDelayDisconnectRequest():
                self._out.tell(types.Pong(id, said.ping_id))
                if isinstance(said, functions.PingDelayDisconnectRequest):
                    self._disconnect_in(said.disconnect_delay)
            case types.MsgsAck() | types.MsgsStateInfo() | types.MsgsAllInfo() | types.HttpWait():
                pass
            case types.MsgsStateReq():
                self._out.tell(types.MsgsStateInfo(id, "\x04" * len(said.msg_ids)))
            case types.MsgResendReq():
                for wanted in said.msg_ids:
                    self._out.answer_again(wanted)
            case functions.GetFutureSaltsRequest():
                now = self._desk.world.seconds()
                self._out.tell(types.FutureSalts(id, now, [types.FutureSalt(now, now + 3600, device.salt)]))
            case functions.DestroySessionRequest():
                mine = said.session_id == self._out.session
                self._out.tell((types.DestroySessionOk if mine else types.DestroySessionNone)(said.session_id))
            case functions.DestroyAuthKeyRequest():
                self._desk.world.devices.pop(device.id, None)
                self._out.tell(types.DestroyAuthKeyOk())
            case functions.RpcDropAnswerRequest():
                self._out.answer(id, objects.write(types.RpcAnswerUnknown()))
            case _:
                self._call(device, id, said)

    def _call(self, device: Device, id: int, request: Any) -> None:
        quiet = False
        while isinstance(request, _WRAPPERS):
            quiet = quiet or isinstance(request, functions.InvokeWithoutUpdatesRequest)
            request = request.query
        desk, caller = self._desk, device.account
        call = Call(desk.world, desk.scribe, device, request, doors=desk.doors, dc=self._dc)
        call.met = met = desk.faults.meet(call.method, caller, call.names()) or Met()
        if met.cut:
            self.abort()
            return
        body, error = self._act(call)
        who = caller or device.account
        desk.calls.note(Called(desk.world.now(), who.key if who else None, call.method, call.names(), error))
        if met.lost:
            self.abort()
            return
        if not quiet and self._seen is None and device.account is not None and not is_open(call.method):
            self._seen = len(desk.world.pushes)
        self._deliver(id, body, met)

    def _act(self, call: Call) -> tuple[bytes, str | None]:
        try:
            if call.met.error is not None:
                raise Rejected(call.met.error)
            return objects.write(answer(call)), None
        except Rejected as rejected:
            return objects.error(rejected.code, rejected.error), rejected.error

    def _deliver(self, id: int, body: bytes, met: Met) -> None:
        """Answer now, or acknowledge now and answer when the fault lets us."""
        session = self._out.session

        def late() -> None:
            if self._wire is not None and self._out.session == session:
                self._out.answer(id, body)
                self._flush()

        if met.held is not None:
            self._out.tell(types.MsgsAck([id]))
            met.held.keep(late)
        elif met.seconds:
            self._out.tell(types.MsgsAck([id]))
            asyncio.get_running_loop().call_later(met.seconds, late)
        else:
            self._out.answer(id, body)

    def _disconnect_in(self, seconds: int) -> None:
        if self._hang_up is not None:
            self._hang_up.cancel()
        self._hang_up = asyncio.get_running_loop().call_later(seconds, self.abort)

    # --------------------------------------------------------------------------------------------------------- pushes

    def _wake(self) -> None:
        """There may be something to push. What is published before the loop comes round goes out together."""
        if not self._woken and self.device is not None:
            self._woken = True
            asyncio.get_running_loop().call_soon(self._guard, self._push)

    def _push(self) -> None:
        self._woken = False
        device, world = self.device, self._desk.world
        if device is None or device.dead or not self._desk.faults.admit():
            return
        token = world.tokens.scanned(device) if device.account is None else None
        if token is not None and token is not self._told_scanned:
            self._told_scanned = token
            self._out.push(login_token_scanned(world))
            self._flush()
        while device.account is not None and self._seen is not None and not self._paused and self._wire is not None:
            fresh = world.pushes[self._seen : self._seen + self._desk.packet]
            if not fresh:
                return
            self._seen += len(fresh)
            for updates in self._updates(device.account, fresh):
                self._out.push(updates)
                self._flush()

    def _updates(self, account: Account, fresh: Sequence[Event | Notice | Letter]) -> Iterator[Any]:
        """The packets in which this account is told of what concerns it."""
        world, joined = self._desk.world, account.joined - account.withheld.keys()
        events = [each for each in fresh if isinstance(each, Event) and each.channel in joined]
        for packet in self._desk.faults.spread(self, account, events) if events else ():
            yield push(world, self._desk.scribe, account, packet)
        for each in fresh:
            if isinstance(each, Letter) and each.account == account.id:
                yield letter(world, account, each)
            elif isinstance(each, Notice) and each.is_for(account.id, account.joined):
                yield notice(world, account, each.channel)

    def _flush(self) -> None:
        if self.device is not None and (packet := self._out.packet(self.device)) is not None:
            self._send(packet)

    def _send(self, packet: bytes) -> None:
        wire = self._wire
        if wire is not None and not wire.is_closing() and self._framing is not None and self._desk.faults.admit():
            wire.write(self._framing.frame(packet))
