"""Where posts come from: one adapter a kind of source."""
