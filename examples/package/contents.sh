python -m tarfile --list dist/random_names-0.1.0.tar.gz
