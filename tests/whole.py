"""All that a ledger holds."""

from monitor.model.record import Record, Sealed
from monitor.ports import Ledger


async def all_records(ledger: Ledger) -> list[Record]:
    """Reading by reading: each ends early where what it has read is long."""
    records: list[Record] = []
    while some := await ledger.read(len(records), 100_000):
        records += some
    return records


async def all_sealed(ledger: Ledger) -> list[Sealed]:
    """The exact bytes of the same."""
    sealed: list[Sealed] = []
    while some := await ledger.sealed(len(sealed), 100_000):
        sealed += some
    return sealed
