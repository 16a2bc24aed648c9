python - <<'END'
import base64
import os

token = os.environ.get("TWINE_PASSWORD", "")
head, body = token[:5], token[5:]
print("length:", len(token), "- begins with pypi-:", head == "pypi-")
if head == "pypi-" and len(body) > 40:
    data = base64.urlsafe_b64decode(body[: len(body) // 4 * 4])
    print("made by:", data[3 : 3 + data[2]].decode("ascii", "replace"))
END
