travis encrypt --repo your-name/random-names
