"""Stories in pictures from elsewhere: StoryReasoning, a folder with `metadata.csv`, and films cut into frames."""
