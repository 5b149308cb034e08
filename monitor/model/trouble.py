"""Something of the watch itself that is red."""

import msgspec

from monitor.model.instant import Instant


class Trouble(msgspec.Struct, frozen=True):
    """What is red, since when and why. `lasting`: it does not pass by itself. `told_at`: when it was last told, None where it has
    not been. `well_at`: since when it looks well again."""

    part: str
    subject: str
    since: Instant
    reason: str
    lasting: bool = False
    told_at: Instant | None = None
    well_at: Instant | None = None
