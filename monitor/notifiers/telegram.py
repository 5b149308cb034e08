"""How does an alert get into a Telegram chat?"""

import msgspec


class Config(msgspec.Struct, frozen=True, tag="telegram", tag_field="kind", forbid_unknown_fields=True):
    """`via = { kind = "telegram", chat = "…" }`: an id as Telegram's own clients count them (-100… for a channel), or a @name."""

    chat: str

    @property
    def address(self) -> str:
        return self.chat
