# Each command is a line of make.py, which also runs where there is no make.
PYTHON ?= $(shell command -v python3 || command -v python)
COMMANDS := serve site test clean help check refresh numbers leave bench changes twins sources lock

.PHONY: $(COMMANDS)
.DEFAULT_GOAL := help

$(COMMANDS):
	@if [ -z "$(PYTHON)" ]; then \
	  echo "There is no Python here: install Python 3.11 or newer and try again."; \
	  echo "Aquí no hay Python: instala Python 3.11 o posterior e inténtalo otra vez."; \
	  exit 1; \
	fi
	@"$(PYTHON)" make.py $@ $(ARGS)
