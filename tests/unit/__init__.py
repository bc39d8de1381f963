"""Facts about one part at a time, with fakes for what it stands on."""
