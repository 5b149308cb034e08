"""What may stand in each file of the configuration directory, as TOML has it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from monitor.anchors import Config as Anchorage
from monitor.model.channel import Channel
from monitor.model.story import Entity, Flag
from monitor.notifiers import Config as Via
from monitor.notifiers.mailing import Config as Mail
from monitor.sources.preview.config import Config as Preview
from monitor.telegram.config import Account, Bot, Server


class StoreTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Literal["sqlite"] = "sqlite"
    path: str = "var/monitor.db"
    segment: Annotated[int, Meta(ge=0, le=999_999)] = 0


class LedgerTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    origin: str | None = None
    signing_key_file: str = "var/ledger.key"


class CollectTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The upper bounds keep a slip of the pen from switching a guard off; the lower ones leave room for rehearsals."""

    poll_seconds: Annotated[float, Meta(ge=0.1, le=86_400)] = 60.0
    reread: tuple[str, ...] = ("1m", "10m", "1h", "1d", "7d")
    requests_per_second: Annotated[float, Meta(ge=0.01, le=1_000)] | None = None
    max_connects: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    first_history: Annotated[int, Meta(ge=0, le=100_000)] = 100
    late_seconds: Annotated[float, Meta(ge=1, le=604_800)] = 300.0


class TelegramTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    server: Server | None = None


class WebTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535)] = 8080
    address: str = ""
    proxy: str = ""


class AlertsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    edit_seconds: Annotated[float, Meta(ge=0, le=3_600)] = 60.0
    spread_seconds: Annotated[float, Meta(ge=0, le=3_600)] = 300.0


class MediaTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fetch: Literal["all", "matched", "none"] = "all"
    kinds: tuple[str, ...] = ("photo", "document")
    largest: str = "20 MB"
    matched_largest: str = "200 MB"
    quota: str = "50 GB"
    channel_day: str = "2 GB"
    keep_free: str = "2 GB"


class RetentionTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    posts: str = ""
    media: str = ""


class MonitorFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """monitor.toml"""

    store: StoreTable = StoreTable()
    ledger: LedgerTable = LedgerTable()
    account: tuple[Account, ...] = ()
    bot: Bot | None = None
    telegram: TelegramTable = TelegramTable()
    collect: CollectTable = CollectTable()
    preview: Preview = Preview()
    media: MediaTable = MediaTable()
    retention: RetentionTable = RetentionTable()
    web: WebTable = WebTable()
    alerts: AlertsTable = AlertsTable()
    anchor: tuple[Anchorage, ...] = ()
    mail: Mail | None = None


class ChannelsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """channels.toml"""

    channel: tuple[Channel, ...] = ()


class SubscriberTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told; `via` says how, as the notifier of that kind wants it."""

    name: str
    stories: tuple[str, ...] = ("*",)
    language: str = "en"
    time_zone: str = "UTC"
    content: Literal["full", "minimal"] = "full"
    notices: bool = False
    via: Via


class SubscribersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """subscribers.toml"""

    subscriber: tuple[SubscriberTable, ...] = ()


class StoryFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """stories/ID.toml"""

    title: str
    entities: dict[str, Entity] = {}
    topics: dict[str, str] = {}
    flag: tuple[Flag, ...] = ()
