"""What the report says around its tables."""

INTRODUCTION = """# Benchmarks

<!-- Written by `python benchmarks/report.py`; changes by hand are lost. -->

gapweave's solver beside other solvers, its heuristics and published results, and its speed at size. How to
run all of this again stands in [benchmarks/README.md](../benchmarks/README.md).

## How it is measured

- Every run is a process of its own on the same machine, restricted to the same cores; all methods get the
  same instance, time limit and seed. Building a method's model counts, importing its libraries does not.
- Every final schedule, of every method, passes gapweave's verifier, and its makespan is taken from there.
  What the verifier refuses counts as not found. Times on the way are those at which a method reported its
  progress.
- A gap is `makespan / lower bound - 1`, against the best lower bound that any method has proven. *Proven*
  means that the method itself showed its schedule to be optimal.
- `cp-sat` is the plain model: intervals, no-overlap per device, precedences with lags, memory as a cumulative
  constraint, microbatches in order, no hints, no bounds.
- `pyjobshop` is [PyJobShop](https://pyjobshop.org) with its OR-Tools backend: devices are machines, transfers
  delays, memory a renewable resource held by idling tasks, microbatches in order.
- `job-shop-lib` is [JobShopLib](https://github.com/Pabloo22/job_shop_lib) with its OR-Tools solver. It is a
  classical job shop, so it applies only without transfers, split backward, optimizer tasks and memory limits.
- `best heuristic` is, on each instance, the best of gapweave's heuristics without any search."""

AGAINST = """\
On the instances for which the rival has a schedule. *Slow*: on how many the rival needed {slow:g} s or more
to its best makespan. *Sooner by*: on those, the geometric mean of the rival's time to its best makespan over
gapweave's time to one that is no longer."""

NO_RUNS = """## Makespans

No results yet: `python benchmarks/bench.py` measures them."""

TIMES = "Seconds to the first schedule / to 5 % / to 1 % / to the proof; — where it did not happen."

PUBLISHED = """## Published simulated annealing

RLHFuse ([arXiv:2409.13221](https://arxiv.org/abs/2409.13221)) schedules these instances by simulated
annealing. Its results are taken from the publication, so they passed no verifier here, and its seconds are
those of its authors' many-core machine. They hold for both variants: the capacity in `-cap` is the annealed
schedule's own peak. *As good after* is the time in seconds to a makespan no longer than the annealed one."""

NO_PUBLISHED = "gapweave has no results on these instances yet."

SIZE = """## Size

Two jobs in reversed order on 64 devices, split backward, transfers, a memory limit, {tasks:,} tasks or more.
Every line is a process of its own; its peak memory includes the interpreter, the libraries and all data."""

NO_SIZE = "No results yet: `python benchmarks/scale.py` measures them."
