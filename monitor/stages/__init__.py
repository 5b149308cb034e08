"""The loops of the daemon: each reads what the one before made durable, does one thing, makes that durable."""
