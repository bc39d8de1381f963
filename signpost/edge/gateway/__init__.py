"""The organisation's own gateway: its people sign in here, and a child's details go no further (protocol.md D2)."""
