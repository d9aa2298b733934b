"""The one format between collecting and training, and the proof that what is in it is fit."""
