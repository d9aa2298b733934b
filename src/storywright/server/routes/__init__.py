"""The routes, a file for each purpose."""
