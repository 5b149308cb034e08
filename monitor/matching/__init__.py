"""Which stories does a text speak of, and where. Pure."""
