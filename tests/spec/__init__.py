"""Facts about the protocol, held against the standards it cites."""
