"""Tables of films, as loglines and genres for the writer, each row with its terms of use."""
