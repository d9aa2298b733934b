"""The judge: reads from a picture what is in it, and never helps to draw one.

It has learnt from drawings of toonworld alone. What it reads in an illustrator's pictures, as a share of what it reads
in real drawings of the same words, says how well the illustrator keeps to its words.
"""
