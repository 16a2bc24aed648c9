CREDITS_A_MINUTE = 10  # standard Linux
jobs = {"pull request": 2, "push to main": 1, "push to staging": 2, "tag": 4}
minutes = 2  # started minutes of each job


def credits(jobs):
    return sum(jobs.values()) * minutes * CREDITS_A_MINUTE


print(credits(jobs))
#> 180

# The same if all four Pythons were tested in every build:
every = {**jobs, "pull request": 4, "push to main": 4, "push to staging": 5, "tag": 5}
print(credits(every))
#> 360

# What one more person who pushes costs, in such releases:
print(25_000 // credits(jobs))
#> 138
