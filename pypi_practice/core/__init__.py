"""What every other package uses: errors, data files, translations, limits, reading files safely."""
