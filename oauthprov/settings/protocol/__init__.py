"""Settings of the protocol's parts, a group each."""
