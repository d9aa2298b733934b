"""A polite and safe crawler for ad concepts that are published as text."""
