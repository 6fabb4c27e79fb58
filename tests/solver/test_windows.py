"""Large-neighbourhood search by windows: what it keeps, and that its small models say the truth."""

from random import Random

import pytest
from brute_force import least_makespan
from hypothesis import given
from hypothesis import strategies as st
from random_problems import costly_law, instances, law, tiny_instances

from gapweave import Instance
from gapweave.models.errors import Infeasible, NotApplicable
from gapweave.models.instance import Instance as AnyInstance
from gapweave.models.schedule import Primary, SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.cpsat import improve_by_windows
from gapweave.solver.cpsat.neighbourhoods import SHAPES, Window
from gapweave.solver.device_orders import DeviceOrders, OrderGraph
from gapweave.solver.heuristics import heuristic
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.job_alone import alone
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule
