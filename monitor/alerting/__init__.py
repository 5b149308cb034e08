"""Who is told what, and when again. Pure."""
