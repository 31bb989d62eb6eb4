"""What every protocol request works with: its context, parameters, scopes and responses."""
