"""Adaptation: from a chapter, a book or a script to boards whose panels point at their sentences."""

from storywright.studio.adaptation.adapter import Adapter, Config, Made

__all__ = ["Adapter", "Config", "Made"]
