"""The page on which people see the events of their account, and events in words."""
