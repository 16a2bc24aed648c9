"""What MkDocs calls while it renders pages: tables, links, tabs, search data, context."""
