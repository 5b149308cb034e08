"""Which posts exist, and which do we hold. Pure."""
