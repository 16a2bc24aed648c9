"""``python -m random_names`` does what ``random_name`` does."""

from .command import main

raise SystemExit(main())
