"""The edge, alone: no service, no network."""
