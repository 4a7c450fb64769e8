"""The whole bot in virtual time, with everything around it simulated and going wrong; one seed decides all of it."""

from tests.simulation.run import Outcome, run_script, run_seed
from tests.simulation.script import Script, script_of

__all__ = ["Outcome", "Script", "run_script", "run_seed", "script_of"]
