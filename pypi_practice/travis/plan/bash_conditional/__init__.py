"""Parses and evaluates conditional expressions of bash (``[[ ... ]]``) without running bash.

Supported are the usual parts of conditions of deploys: words with quotes and parameters, ``=``,
``==``, ``!=`` with patterns, ``=~``, ``<``, ``>``, comparisons of whole numbers, tests of texts and
of files, ``&&``, ``||``, ``!`` and parentheses. For others (commands, arithmetic, extended
patterns, properties of the machine) the result is None, with the reason.

Source: parse.y (cond_or, cond_and, cond_term, read_token_word) and test.c of bash 5.2, and the
section "Bash Conditional Expressions" of its manual. The tests compare it with bash itself.
"""
