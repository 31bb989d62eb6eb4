"""The developer console: a person's own clients."""
