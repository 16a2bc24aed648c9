"""``python -m random_names`` does what ``random_name`` does."""

from random_names.command import main

raise SystemExit(main())
