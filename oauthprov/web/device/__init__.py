"""Devices without a browser: the endpoint where they begin, and the page of their codes."""
