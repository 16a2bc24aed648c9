import base64

TOKEN = (  # of the practice index: it opens nothing
    "pypi-AgEZdGVzdHB5cGkucHJhY3RpY2UuaW52YWxpZAIkMDAwMDAwMDAtMDAwMC00MDAwLTgwMDA"
    "tMDAwMDAwMDAwMDA3AAIUWzEsWyJyYW5kb20tbmFtZXMiXV0AAixbMixbIjExMTExMTExLTExMTE"
    "tNDExMS04MTExLTExMTExMTExMTExMSJdXQAABiBQntPU4u_jGQTb61fiwuGhnpr8KPWa6_doKnD"
    "l9dYTzg"
)
FIELDS = {1: "location", 2: "identifier", 6: "signature"}

prefix, _, body = TOKEN.partition("-")
data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
print(prefix, "macaroon of version", data[0])
#> pypi macaroon of version 2

place, lines = 1, []
while place < len(data):
    kind, place = data[place], place + 1
    if kind == 0:  # the end of a part
        continue
    size, place = data[place], place + 1  # one byte, as all fields here are short
    value, place = data[place : place + size], place + size
    if value.startswith(b"["):
        lines.append(f"caveat: {value.decode()}")
    elif kind == 6:
        lines.append(f"signature: {size} bytes")
    else:
        lines.append(f"{FIELDS[kind]}: {value.decode()}")
print("\n".join(lines))
'''
location: testpypi.practice.invalid
identifier: 00000000-0000-4000-8000-000000000007
caveat: [1,["random-names"]]
caveat: [2,["11111111-1111-4111-8111-111111111111"]]
signature: 32 bytes
'''
