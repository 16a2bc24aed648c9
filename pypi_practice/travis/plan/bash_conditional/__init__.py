"""Parses and evaluates what stands between ``[[`` and ``]]`` of bash, without starting anything.

Covered is what the conditions of deploys commonly hold: words with quotes and parameters, ``=``,
``==``, ``!=`` with patterns, ``=~``, ``<``, ``>``, comparisons of whole numbers, tests of texts and
of files, ``&&``, ``||``, ``!`` and parentheses. The rest (commands, arithmetic, extended patterns,
what depends on the machine) is not guessed: its value is None, with the reason.

Source: parse.y (cond_or, cond_and, cond_term, read_token_word) and test.c of bash 5.2, and the
section "Bash Conditional Expressions" of its manual. The tests compare it with bash itself.
"""
