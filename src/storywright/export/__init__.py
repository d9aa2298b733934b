"""Boards as files that other programs open, one format a module."""
