"""Other forms of the guide: one page, PDF, Markdown, offline archive, feed, cards."""
