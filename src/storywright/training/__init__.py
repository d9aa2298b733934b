"""The one loop that trains every model."""
