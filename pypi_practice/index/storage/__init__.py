"""What the index keeps on disk: SQLite, files, and the folder that holds them."""
