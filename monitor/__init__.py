"""Watches public Telegram channels and keeps, flags, tells and proves what was said there.

source --collect--> ledger --detect--> findings + outbox --deliver--> notifier
                       \\______________ cli, web: read, review, verify _____________/
"""

__version__ = "0.1.0"
