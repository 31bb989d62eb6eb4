"""Pages and commands with many records of every kind: how long, how much memory."""
