import hmac

from pymacaroons import Macaroon


def mac(key, text):
    return hmac.digest(key, text.encode(), "sha256")


# What the index keeps: a number for the token, and a random key.
identifier, key = "token-number-7", b"32 random bytes that stay at home"

# What the index gives out: the number, a list of limits, and the end of the chain.
start = mac(mac(b"macaroons-key-generator", key.decode()), identifier)
account = mac(start, '[3,"user-42"]')
print(account.hex()[:16])
#> 7ec5c81290480bde

# Anybody who holds the token can add a link: no key is needed, only the end of the chain.
narrow = mac(account, '[1,["random-names"]]')
print(narrow.hex()[:16])
#> d82a42ce98d2a684

# PyPI's library comes to the same end.
library = Macaroon("", identifier, key.decode())
library.add_first_party_caveat('[3,"user-42"]')
library.add_first_party_caveat('[1,["random-names"]]')
print(library.signature == narrow.hex())
#> True
