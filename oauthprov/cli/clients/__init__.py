"""What the verbs of ``oauthprov client`` do besides registering."""
