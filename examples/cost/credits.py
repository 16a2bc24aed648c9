CREDITS_A_MINUTE = 10  # standard Linux
jobs = {"pull request": 3, "push to main": 3, "push to staging": 4, "tag": 4}
minutes = 2  # started minutes of each job


def credits(jobs):
    return sum(jobs.values()) * minutes * CREDITS_A_MINUTE


print(credits(jobs))
#> 280

# The same with the tests on one Python only, until the release is made:
few = {**jobs, "pull request": 1, "push to main": 1}
print(credits(few))
#> 200

# What one more person who pushes costs, in such releases:
print(25_000 // credits(jobs))
#> 89
