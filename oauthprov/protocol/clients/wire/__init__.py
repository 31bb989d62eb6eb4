"""Client metadata on the wire (RFC 7591 section 2), whoever sends or publishes it."""
