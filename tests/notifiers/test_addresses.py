"""The addresses that we connect to: public ones, whatever a host calls itself."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import Unavailable
from monitor.notifiers.addresses import Dialler, is_public, resolve

PUBLIC_4 = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "149.154.167.51", "9.255.255.255", "11.0.0.0", "100.63.255.255"]
PUBLIC_4 += ["100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255"]
NEAR_4 = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
]
NEAR_4 += ["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1"]
NEAR_4 += ["198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"]
PUBLIC_6 = ["2606:4700:4700::1111", "2a00:1450:4001::1", "2001:67c:4e8::1", "2620:fe::fe", "64:ff9b::808:808"]
NEAR_6 = ["::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2001::1"]
NEAR_6 += [
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "64:ff9b:1::1",
    "::7f00:1",
    "4000::1",
    "2606:4700::1%1",
]


def forms(address: str) -> list[str]:
    """The ways in which an IPv4 address can be written in a URL."""
    number = int(IPv4Address(address))
    one, two, three, four = IPv4Address(address).packed
    return [
        address,
        str(number),
        f"0x{number:x}",
        f"0{number:o}",
        f"{one}.{number & 0xFFFFFF}",
        f"{one}.{two}.{number & 0xFFFF}",
        f"0{one:o}.0{two:o}.0{three:o}.0{four:o}",
        f"0x{one:x}.0x{two:x}.0x{three:x}.0x{four:x}",
        f"0{one:o}.{two}.0x{three:x}.{four}",
        f"::ffff:{address}",
        f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}",
        f"0:0:0:0:0:ffff:{address}",
        f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}",
    ]


@pytest.mark.parametrize("address", PUBLIC_4 + PUBLIC_6)
def test_of_the_public_internet_are_taken(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NEAR_4 + NEAR_6)
def test_of_this_machine_or_network_are_not(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4).map(str))
def test_inside_an_ipv6_address_are_judged_as_what_they_are(address: str) -> None:
    number = int(IPv4Address(address))

    inside = [str(IPv6Address((0xFFFF << 32) | number)), str(IPv6Address((0x64FF9B << 96) | number))]

    assert [is_public(each) for each in inside] == [is_public(address)] * 2


@given(st.ip_addresses(v=4).map(str))
def test_are_never_taken_where_the_standard_library_says_private(address: str) -> None:
    parsed = IPv4Address(address)

    assert not (is_public(address) and (parsed.is_private or parsed.is_loopback or parsed.is_link_local))


async def test_del_10_are_recognised_in_every_form_of_a_private_host() -> None:
    written = [form for address in NEAR_4 for form in forms(address)] + [
        address for address in NEAR_6 if "%" not in address
    ]
    reached = []

    for host in written:
        try:
            await Dialler(resolve, anywhere=False).connect_tcp(host, 9, timeout=1)
        except Unavailable:
            continue
        reached.append(host)

    assert len(written) >= 200
    assert reached == []


@pytest.mark.parametrize("host", ["localhost", "ip6-localhost", "0", "127.1", "0x7f.1", "0177.1", "2130706433"])
async def test_del_10_are_looked_at_after_the_name_was_resolved(host: str) -> None:
    with pytest.raises(Unavailable, match=r"public|no address"):
        await Dialler(resolve, anywhere=False).connect_tcp(host, 9)


async def test_del_10_are_looked_at_each_time_so_a_name_cannot_change_what_it_stands_for() -> None:
    asked = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    for _ in range(2):
        with pytest.raises(Unavailable):
            await Dialler(rebinding, anywhere=False).connect_tcp("attacker.example", 80)

    assert asked == ["attacker.example"] * 2


async def test_are_tried_in_their_order_until_one_answers() -> None:
    with socket.socket() as closed, socket.socket() as listening:
        closed.bind(("127.0.0.2", 0))
        listening.bind(("127.0.0.1", closed.getsockname()[1]))
        listening.listen()

        async def both(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.2", "127.0.0.1"]

        stream = await Dialler(both, anywhere=True).connect_tcp("desk.example", listening.getsockname()[1])
        await stream.aclose()


async def test_that_a_name_does_not_have_are_asked_for_again_later() -> None:
    async def none(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unavailable, match=r"desk\.example has no address"):
        await Dialler(none, anywhere=False).connect_tcp("desk.example", 443)
