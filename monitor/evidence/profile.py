"""What may whoever gets the package know?

What must not be known is left out with its record, or the record stands there as an erased one does: header, leaf and proof alone,
so that all that is given can still be shown to be in the ledger.
"""

from collections.abc import Collection
from enum import StrEnum

import msgspec

from monitor.model.match import Match
from monitor.model.record import Faulted, Flagged, Kind, Record, Reviewed, Sealed


class Audience(StrEnum):
    """Who gets it: `court` everything; `partner` without who reviews, why, and what else is tracked; `public` also without the
    collecting account."""

    COURT = "court"
    PARTNER = "partner"
    PUBLIC = "public"


_OURS = (Kind.ALERT, Kind.CONFIG, Kind.CUSTODY, Kind.HOLD)
"""What tells of nothing but our own house: subscribers, files, people."""
_NAMING = (Kind.ACCESS, Kind.FAULT)
"""What an account or its own objects may be named in, whatever it says."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """`story`: the only one that may be told of unless everything may. `accounts`: the names of those that collect."""

    audience: Audience = Audience.COURT
    story: str | None = None
    accounts: Collection[str] = ()

    @property
    def names_accounts(self) -> bool:
        return self.audience is not Audience.PUBLIC

    @property
    def names_reviewers(self) -> bool:
        return self.audience is Audience.COURT

    def tells_of(self, match: Match) -> bool:
        return self.audience is Audience.COURT or {match.story, *(span.story for span in match.spans)} == {self.story}

    def leaves_out(self, record: Record) -> bool:
        """Must nobody know that there is such a record?"""
        if self.audience is Audience.COURT:
            return False
        if record.kind in _OURS:
            return True
        match record.content:
            case Flagged(match=match):
                return not self.tells_of(match)
            case Reviewed(story=story):
                return story != self.story
            case Faulted(story=story):
                return story not in ("", self.story)
        return record.kind in (Kind.MATCH, Kind.REVIEW)  # nobody can tell any more of which story

    def withholds(self, record: Record, sealed: Sealed) -> bool:
        """Must its content not be known? An account is looked for in all that is hashed, the source's own object included; not in
        a channel's name, which everybody knows."""
        if self.audience is Audience.COURT or sealed.content is None:
            return False
        if record.kind in (Kind.REVIEW, Kind.ERASED):  # of the one it says who gave it and why, of the other who did it
            return True
        if self.audience is Audience.PARTNER or record.kind is Kind.IDENTITY:
            return False
        return record.kind in _NAMING or self.names(sealed.content)

    def names(self, data: bytes) -> bool:
        """Is one of the accounts named in it?"""
        return any(account.encode() in data for account in self.accounts if account)

    def shows(self, match: Match) -> bool:
        """May the report say why this matched?"""
        why = "\n".join(match.why).encode("utf-8", "surrogatepass")
        return self.tells_of(match) and (self.names_accounts or not self.names(why))
