"""What Telegram answers, in our words"""

import pytest
from telethon.errors import rpc_message_to_error
from telethon.tl.types import RpcError

from monitor.errors import Refused, Unavailable
from monitor.telegram.errors import SignedOut, ours


def answered(code: int, message: str) -> Exception:
    return rpc_message_to_error(RpcError(code, message), request=None)


@pytest.mark.parametrize("message", ["FLOOD_WAIT_37", "FLOOD_PREMIUM_WAIT_37", "SLOWMODE_WAIT_37"])
def test_asked_to_wait_is_asked_to_wait_whatever_it_is_called(message: str) -> None:
    error = ours(answered(420, message))

    assert isinstance(error, Unavailable)
    assert error.wait == 37


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (406, "AUTH_KEY_DUPLICATED"),
        (406, "AUTH_KEY_SOMETHING_NEW"),
        (401, "AUTH_KEY_UNREGISTERED"),
        (401, "SESSION_REVOKED"),
        (401, "USER_DEACTIVATED_BAN"),
        (401, "SOMETHING_NEW"),
    ],
)
def test_a_key_that_is_no_longer_good_needs_a_person(code: int, message: str) -> None:
    assert isinstance(ours(answered(code, message)), SignedOut)


@pytest.mark.parametrize("message", ["SOMETHING_NEW", "PREMIUM_CURRENTLY_UNAVAILABLE", "USERPIC_PRIVACY_REQUIRED"])
def test_what_else_is_not_acceptable_costs_no_account(message: str) -> None:
    error = ours(answered(406, message))

    assert isinstance(error, Refused)
    assert not isinstance(error, SignedOut)
