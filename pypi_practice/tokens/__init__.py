"""API tokens: macaroons, what a token says of itself, finding tokens in foreign text."""
