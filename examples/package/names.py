import random

from random_names import random_names

print(random_names(2, random.Random(2019)))
#> ['clever-gecko', 'wise-falcon']
