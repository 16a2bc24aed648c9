import hmac


def chain(key, *texts):
    end = key
    for text in texts:
        end = hmac.digest(end, text.encode(), "sha256")
    return end


key = hmac.digest(b"macaroons-key-generator", b"the key of the index", "sha256")
token = ["token-number-7", '[3,"user-42"]', '[1,["random-names"]]']
signature = chain(key, *token)

# The index walks the chain again, from its key. Whole, it fits:
print(chain(key, *token) == signature)
#> True

# Without its last limit, it does not; nor with the limit changed:
print(chain(key, *token[:2]) == signature)
#> False
print(chain(key, *token[:2], '[1,["other-project"]]') == signature)
#> False
