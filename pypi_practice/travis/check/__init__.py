"""``travis check``: rules for publishers, their findings, automatic fixes, reports."""
