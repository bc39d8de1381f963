"""The index's two doors: the public one, and the operator's on a local socket."""
