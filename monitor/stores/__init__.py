"""Where things are kept: one folder an engine."""
