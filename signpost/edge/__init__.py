"""The part inside an organisation. Only here are identifiers read, and they leave as blinded points."""
