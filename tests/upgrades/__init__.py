"""Upgrades from earlier versions, of which this folder keeps data and code (README.md)."""
