"""``pypi-practice doctor``: is a project ready to publish?"""
