"""Facts about parts that really touch: a service and its database, an edge and a service."""
