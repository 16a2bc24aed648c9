grep --line-number --extended-regexp 'password:|_TOKEN' .travis.yml
