"""How the step `train_illustrator` comes by what it teaches from."""
