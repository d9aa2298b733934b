"""The writer: from the panels so far to the words of the next one."""
