"""The methods that a watching account and a bot need, each by Telegram's own name (https://core.telegram.org/methods)."""
