"""The one door to Telethon, shared by what collects from Telegram and what sends through it."""
