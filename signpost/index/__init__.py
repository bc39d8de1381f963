"""The national index. It holds tags and opaque handles, and neither an identifier nor a share of the key."""
