"""What MkDocs calls while it renders pages: listings, tables, links, the theme's context."""
