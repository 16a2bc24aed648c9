import random

from random_names import new_names

print(new_names(2, random.Random(2019)))
#> ['clever-gecko', 'wise-falcon']
