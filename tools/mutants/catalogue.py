"""All mutants, in the order of the promises."""

from __future__ import annotations

from tools.mutants.intake import INTAKE
from tools.mutants.rights import RIGHTS
from tools.mutants.running import RUNNING
from tools.mutants.speaking import SPEAKING
from tools.mutants.storing import STORING

MUTANTS = (*RIGHTS, *INTAKE, *RUNNING, *SPEAKING, *STORING)
