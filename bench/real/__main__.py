"""`python -m bench.real`."""

import sys

from bench.real.main import main

sys.exit(main(sys.argv[1:]))
