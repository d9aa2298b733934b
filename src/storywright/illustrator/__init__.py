"""The illustrator: from words to a panel, and from a panel to a clip."""
