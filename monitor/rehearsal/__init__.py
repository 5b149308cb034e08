"""A Telegram on loopback that speaks the real protocol, and the story it plays: for the demo, for tests, for drills."""
