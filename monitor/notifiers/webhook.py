"""How does an alert get to a web server?"""

import msgspec


class Config(msgspec.Struct, frozen=True, tag="webhook", tag_field="kind", forbid_unknown_fields=True):
    """`via = { kind = "webhook", url = "…", secret_file = "…" }`. The file holds a Standard Webhooks secret, `whsec_` and base64.

    `allow_private_addresses`: the server may stand in a private network; otherwise nothing but public addresses is connected to.
    """

    url: str
    secret_file: str
    allow_private_addresses: bool = False

    @property
    def address(self) -> str:
        return self.url
