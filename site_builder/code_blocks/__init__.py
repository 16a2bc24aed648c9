"""The code blocks of the pages: which file each shows, and how it is proven."""
