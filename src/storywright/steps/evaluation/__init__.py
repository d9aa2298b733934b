"""What the step evaluate is made of: what is drawn, what is written, the scores of the items, and the report."""
