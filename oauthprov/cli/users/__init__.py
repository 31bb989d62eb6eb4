"""What the verbs of ``oauthprov user`` have in common, and those that need room."""
