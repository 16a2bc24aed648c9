import base64

FIELDS = {1: "location", 2: "identifier", 6: "signature"}


def field(kind, value):
    return bytes([kind, len(value)]) + value  # one byte, as all fields here are short


# Like a token of the practice index: it opens nothing. A zero ends each part.
made = b"\x02" + field(1, b"testpypi.practice.invalid")
made += field(2, b"00000000-0000-4000-8000-000000000007") + b"\0"
for caveat in (b'[1,["random-names"]]', b'[2,["11111111-1111-4111-8111-111111111111"]]'):
    made += field(2, caveat) + b"\0"
made += b"\0" + field(6, bytes(range(32)))
TOKEN = "pypi-" + base64.urlsafe_b64encode(made).decode().rstrip("=")

prefix, _, body = TOKEN.partition("-")
data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
print(prefix, "macaroon of version", data[0])
#> pypi macaroon of version 2

place, lines = 1, []
while place < len(data):
    kind, place = data[place], place + 1
    if kind == 0:  # the end of a part
        continue
    size, place = data[place], place + 1
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
