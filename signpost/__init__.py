"""Tells a practitioner whether a colleague elsewhere works with a child, and names no child to do it."""
