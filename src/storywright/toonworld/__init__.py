"""The drawn world: panels drawn from a scene, stories told in scenes, and scenes that move.

It is the data for the embedded models and the reference they are measured against; what users get comes from the
illustrator.
"""
