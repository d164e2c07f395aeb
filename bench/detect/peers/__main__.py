"""`python -m bench.detect.peers FOLDER` installs the other monitors there, while there is a package index."""

import sys
from pathlib import Path

from bench.detect.peers import installed

sys.stdout.write(f"{installed(Path(sys.argv[1]).expanduser())}\n")
