"""The modules of the FAPI 2.0 plans, each a test of its name, against the real app in process."""
