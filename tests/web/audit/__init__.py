"""Tests of the pages that show events."""
