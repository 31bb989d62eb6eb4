"""Revisions from 0018: devices, pushed requests, bound tokens and what goes with them."""
