python3 -m venv index
index/bin/python -m pip install --quiet pypiserver passlib
INDEX_PASSWORD="$(python3 -c 'import secrets; print(secrets.token_urlsafe(24))')"
export INDEX_PASSWORD
index/bin/python - <<'END'
import os
from passlib.apache import HtpasswdFile

users = HtpasswdFile("users.htpasswd", new=True, default_scheme="sha256_crypt")
users.set_password("travis", os.environ["INDEX_PASSWORD"])
users.save()
END
