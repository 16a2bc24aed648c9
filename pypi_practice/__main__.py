"""``python -m pypi_practice`` does what ``pypi-practice`` does."""

from pypi_practice.cli.main import main

raise SystemExit(main())
