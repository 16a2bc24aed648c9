"""What the index shows: the simple API, the JSON API and the HTML pages."""
