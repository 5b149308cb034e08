"""Which posts does an export of Telegram Desktop (`result.json`) hold?"""

from monitor.sources.desktop_export.archive import Broken, PassedOver, Reading, is_export, read

__all__ = ["Broken", "PassedOver", "Reading", "is_export", "read"]
