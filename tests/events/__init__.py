"""Tests of the stream of events."""

NOW = 1_800_000_000
