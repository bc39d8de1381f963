"""One key holder: its rules, its custody and its side of a ceremony, in one process."""
