"""A CP-SAT solver that tells the recorder what it finds, and keeps to the setting whoever constructs it."""

from ortools.sat.python import cp_model

from benchmarks.recorder import Recorder
from benchmarks.runs import Setting
from gapweave import Infeasible, InternalError

#: Seconds that a search gets even if building the model took all the time.
_LEAST_SECONDS = 0.05


class RecordingCpSolver(cp_model.CpSolver):
    """Takes the place of CP-SAT's solver inside a peer, so that all are given and asked the same.

    The time limit covers building the model too: the search gets what is left of it.
    """

    def __init__(self, setting: Setting, recorder: Recorder) -> None:
        super().__init__()
        self._setting = setting
        self._recorder = recorder

    def solve(
        self, model: cp_model.CpModel, solution_callback: cp_model.CpSolverSolutionCallback | None = None
    ) -> cp_model.CpSolverStatus:
        """Solve within what is left of the time; raises Infeasible, or InternalError for an invalid model."""
        remaining = self._setting.time_limit - self._recorder.elapsed
        self.parameters.max_time_in_seconds = max(_LEAST_SECONDS, remaining)
        self.parameters.num_workers = self._setting.workers
        self.parameters.random_seed = self._setting.seed
        self.best_bound_callback = lambda bound: self._recorder.report(lower_bound=round(bound))
        status = super().solve(model, solution_callback or _OnSolution(self._recorder))
        if status == cp_model.INFEASIBLE:
            raise Infeasible("no schedule exists, says CP-SAT")
        if status == cp_model.MODEL_INVALID:
            raise InternalError(f"CP-SAT refuses the model: {model.validate()}")
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            self._recorder.report(round(self.objective_value), round(self.best_objective_bound))
        return status


class _OnSolution(cp_model.CpSolverSolutionCallback):
    """Reports each solution's objective: the makespan."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def on_solution_callback(self) -> None:
        self._recorder.report(makespan=round(self.objective_value))
