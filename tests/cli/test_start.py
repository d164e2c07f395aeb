"""What the program does before it knows which command it is."""

import subprocess
import sys


def test_a_worker_that_imports_the_program_imports_none_of_its_commands() -> None:
    asked = "import sys, defacewatch.__main__; print('defacewatch.cli' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_the_collector_works_again_when_a_command_runs_and_does_not_look_through_what_was_imported() -> None:
    asked = (
        "import atexit, gc, sys, defacewatch.__main__; sys.argv[1:] = ['--help'];"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 100_000));"
        "defacewatch.__main__.main()"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.endswith("\nTrue True\n")
