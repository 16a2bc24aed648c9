"""The tables of the database of the practice index."""

from __future__ import annotations

# What an earlier version lacks is added to its data when they are opened; what a later one has
# changed is not guessed at. Raise the number with a change that earlier programs would spoil.
VERSION = 2  # 2: small files lie in the database

# What project_names.look makes of a name, in SQL: an index of the database finds names that look
# alike.
LOOK = "lower(name)"
for _letters, _replacement in {"o": "0", "il": "1", "._-": ""}.items():
    for _letter in _letters:
        LOOK = f"replace({LOOK}, '{_letter}', '{_replacement}')"

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, "index" TEXT NOT NULL, name TEXT NOT NULL,
    email_verified INTEGER NOT NULL DEFAULT 1, two_factor INTEGER NOT NULL DEFAULT 1,
    UNIQUE ("index", name));
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, description TEXT NOT NULL,
    key BLOB NOT NULL, caveats TEXT NOT NULL, project TEXT, created REAL NOT NULL, last_used REAL,
    UNIQUE (user_id, description));
CREATE TABLE IF NOT EXISTS projects (
    id TEXT PRIMARY KEY, "index" TEXT NOT NULL, name TEXT NOT NULL, normalized TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES users, UNIQUE ("index", normalized));
CREATE TABLE IF NOT EXISTS releases (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects, version TEXT NOT NULL,
    canonical TEXT NOT NULL, metadata TEXT NOT NULL, created REAL NOT NULL,
    UNIQUE (project_id, canonical));
CREATE TABLE IF NOT EXISTS files (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, release_id TEXT NOT NULL REFERENCES releases,
    filetype TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, blake2 TEXT NOT NULL,
    requires_python TEXT, uploaded REAL NOT NULL, PRIMARY KEY ("index", filename));
DROP INDEX IF EXISTS files_by_release;
CREATE INDEX IF NOT EXISTS files_of_release ON files (release_id, filetype, size);
CREATE INDEX IF NOT EXISTS files_by_bytes ON files ("index", blake2);
CREATE TABLE IF NOT EXISTS contents (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY ("index", filename));
CREATE TABLE IF NOT EXISTS used_filenames (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, PRIMARY KEY ("index", filename));
CREATE TABLE IF NOT EXISTS yanked (
    release_id TEXT PRIMARY KEY REFERENCES releases, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS core_metadata (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY ("index", filename));
CREATE TABLE IF NOT EXISTS changes (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, "index" TEXT NOT NULL, normalized TEXT NOT NULL,
    action TEXT NOT NULL, time REAL NOT NULL);
CREATE INDEX IF NOT EXISTS projects_by_look ON projects ("index", {LOOK});
CREATE INDEX IF NOT EXISTS changes_by_project ON changes ("index", normalized, serial);
"""
