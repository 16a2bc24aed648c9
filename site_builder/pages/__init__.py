"""What MkDocs calls while it renders pages: tables, links, tabs, search data, the theme's context."""
