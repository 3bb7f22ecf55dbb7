"""Rosters: people and units that come in files."""
