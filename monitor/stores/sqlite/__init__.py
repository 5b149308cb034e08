"""The ports on one SQLite file, for one machine."""
