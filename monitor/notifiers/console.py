"""How does an alert get onto a terminal?"""

import msgspec


class Config(msgspec.Struct, frozen=True, tag="console", tag_field="kind", forbid_unknown_fields=True):
    """`via = { kind = "console" }`"""

    @property
    def address(self) -> str:
        return ""
