"""How a model's training is tuned: its space, the studies that try values out of it, and what is said about them."""
