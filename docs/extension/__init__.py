"""What Sphinx adds to the pages of this folder."""
