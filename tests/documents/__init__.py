"""The documents do what they say: their code blocks are parsed or run, and the site is built."""
