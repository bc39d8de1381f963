"""A key holder behind its own door: requests, processes, and the custodian's commands."""
