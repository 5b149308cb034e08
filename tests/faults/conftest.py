"""What most faults befall: an account on two channels, and a clock that waits for nobody."""

import pytest
from builders import NOON
from carrying import Clock
from installation import PHONE

from monitor.rehearsal import Server


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON, hasty=True)


@pytest.fixture
def bridge(telegram: Server) -> Server:
    telegram.world.add_account(PHONE)
    for name in ("bridge_news", "harbour_news"):
        telegram.world.add_channel(name)
        telegram.world.join(PHONE, name)
    return telegram
