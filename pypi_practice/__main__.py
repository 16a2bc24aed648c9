"""``python -m pypi_practice`` does what ``pypi-practice`` does."""

from pypi_practice.cli.start import main

raise SystemExit(main())
