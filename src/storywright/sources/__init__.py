"""Where material comes from, each item with its licence, owner, origin and date."""
