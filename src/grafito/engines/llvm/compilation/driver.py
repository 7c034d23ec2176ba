"""The driver: the function that runs a step, kernel by kernel, with barriers between threads.

Every thread runs the driver and does its part of each large kernel; the first thread alone runs
the small ones. There is a barrier before a kernel that touches memory which another thread may have
touched since the last barrier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafito.engines.llvm.compilation.kernel_cache import Routine
from grafito.engines.llvm.compilation.machine import Machine

PAGE = 4096  # bytes; no two threads write to one
KERNELS_A_FUNCTION = 256  # LLVM takes more than linear time for longer functions
LEAST_WORK = 30_000  # operations of a kernel that is worth a barrier


@dataclass(frozen=True)
class Place:
    """Where a buffer is: bytes after a pointer of the table; outputs move on with each step."""

    entry: int
    offset: int = 0
    size: int = 0
    stride: int = 0

    @property
    def span(self) -> tuple[int, int, int]:
        return self.entry, self.offset, self.offset + self.size


@dataclass
class Call:
    """One kernel in the step."""

    routine: Routine
    places: list[Place]  # of its pointers
    reads: list[Place]
    writes: list[Place]
    checks: bool  # whether it may report an error

    @property
    def name(self) -> str:
        return self.routine.name

    @property
    def parallel(self) -> bool:
        return self.routine.units > 1 and self.routine.cost > LEAST_WORK


# A thread that spins yields after some iterations: it may share its processor with the thread that
# it waits for. Where there is no other thread, a yield costs little more than an iteration.
HEAD = """
%s
define internal void @barrier(ptr %%control, i64 %%threads) alwaysinline {
start:
  %%alone = icmp eq i64 %%threads, 1
  br i1 %%alone, label %%done, label %%together
together:
  call void @meet(ptr %%control, i64 %%threads)
  br label %%done
done:
  ret void
}
define internal void @meet(ptr %%control, i64 %%threads) noinline {
arrive:
  %%generation = getelementptr i64, ptr %%control, i64 16
  %%before = load atomic i64, ptr %%generation acquire, align 8
  %%count = getelementptr i64, ptr %%control, i64 8
  %%arrived = atomicrmw add ptr %%count, i64 1 acq_rel
  %%more = add i64 %%arrived, 1
  %%last = icmp eq i64 %%more, %%threads
  br i1 %%last, label %%release, label %%spin
release:
  store atomic i64 0, ptr %%count release, align 8
  %%next = add i64 %%before, 1
  store atomic i64 %%next, ptr %%generation release, align 8
  br label %%done
spin:
  %%turn = phi i64 [ 0, %%arrive ], [ %%again, %%wait ]
  %%now = load atomic i64, ptr %%generation acquire, align 8
  %%same = icmp eq i64 %%now, %%before
  br i1 %%same, label %%idle, label %%done
idle:
  %%again = add i64 %%turn, 1
  %%long = icmp ugt i64 %%turn, 30
  br i1 %%long, label %%yield, label %%wait
yield:
  %%ignored = call i32 @%s()
  br label %%wait
wait:
  %s
  br label %%spin
done:
  ret void
}
"""


def scratch(calls: Sequence[Call]) -> int:
    """Bytes that each thread needs for itself while it runs a kernel, in whole pages."""
    return -(-max((c.routine.scratch for c in calls), default=0) // PAGE) * PAGE


def driver(calls: Sequence[Call], arena: int, machine: Machine) -> str:
    """The text of `program(table, control, thread, threads, steps)`.

    `control` holds an error flag with two words about it; then the barrier's words.

    Args:
        calls: the kernels of a step.
        arena: bytes before the scratch memory of the threads.
        machine: that runs it.
    """
    pause, declare_pause = machine.pause()
    yields = machine.yield_name()
    text = [HEAD % (f"{declare_pause}\ndeclare i32 @{yields}()", yields, pause)]
    for name, count in {c.name: len(c.places) for c in calls}.items():
        pointers = ", ".join(["ptr"] * (count + 2))
        text.append(f"declare void @{name}({pointers}, i64, i64)")
    size = scratch(calls)
    body = ["  %some = icmp sgt i64 %steps, 0", "  br i1 %some, label %step, label %end", "step:"]
    body += ["  %s = phi i64 [ 0, %start ], [ %s1, %again ]"]
    lines = _lines(calls)
    for n, first in enumerate(range(0, len(calls), KERNELS_A_FUNCTION)):
        chosen = slice(first, first + KERNELS_A_FUNCTION)
        text.append(_part(n, calls[chosen], [x for own in lines[chosen] for x in own], arena, size))
        body += [
            f"  %bad{n} = call i1 @part{n}(ptr %table, ptr %control, i64 %thread, i64 %threads, "
            "i64 %s)",
            f"  br i1 %bad{n}, label %end, label %fine{n}",
            f"fine{n}:",
        ]
    body += ["  call void @barrier(ptr %control, i64 %threads)", "  br label %again", "again:"]
    body += ["  %s1 = add i64 %s, 1", "  %more = icmp slt i64 %s1, %steps"]
    body += ["  br i1 %more, label %step, label %end", "end:", "  ret void"]
    text.append(
        "define void @program(ptr %table, ptr %control, i64 %thread, i64 %threads, i64 %steps) {\n"
        "start:\n" + "\n".join(body) + "\n}\n"
    )
    return "\n".join(text)


def _part(n: int, calls: Sequence[Call], lines: Sequence[str], arena: int, size: int) -> str:
    """A function of some kernels of step %s; it returns whether one has reported an error."""
    body: list[str] = []
    for entry in sorted({0} | {p.entry for c in calls for p in c.places}):
        body.append(f"  %slot{entry} = getelementptr ptr, ptr %table, i64 {entry}")
        body.append(f"  %base{entry} = load ptr, ptr %slot{entry}")
    body += [
        f"  %mine = mul i64 %thread, {size}",
        f"  %free = add i64 %mine, {arena}",
        "  %scratch = getelementptr i8, ptr %base0, i64 %free",
        "  %first = icmp eq i64 %thread, 0",
        *lines,
        "  ret i1 0",
        "bad:",
        "  ret i1 1",
    ]
    return (
        f"define internal i1 @part{n}"
        "(ptr %table, ptr %control, i64 %thread, i64 %threads, i64 %s) noinline {\n"
        "start:\n" + "\n".join(body) + "\n}\n"
    )


def _lines(calls: Sequence[Call]) -> list[list[str]]:
    """The lines of each kernel: a barrier where it needs one, the call, a look for an error.

    Checks that follow one another are looked at together. All threads see the same flag: none may
    run a check before the others have looked at the flag of an earlier one.
    """
    barrier = "  call void @barrier(ptr %control, i64 %threads)"
    alone: list[Call] = []  # what the first thread does since the last barrier
    shared: list[Call] = []  # what all of them do
    unseen = False  # whether checks have run at which no thread has looked
    looking = False  # whether another thread may still look
    text = []
    for n, call in enumerate(calls):
        lines = []
        earlier = [*shared, *(alone if call.parallel else ())]
        meets = any(_conflict(call, other) for other in earlier)
        if unseen and (meets or not call.checks):
            lines += [barrier, *_look(n)]
            alone, shared, unseen, looking, meets = [], [], False, True, False
        if meets or (call.checks and looking):
            lines.append(barrier)
            alone, shared, looking = [], [], False
        lines += _call(n, call)
        (shared if call.parallel else alone).append(call)
        unseen = unseen or call.checks
        if unseen and n == len(calls) - 1:
            lines += [barrier, *_look(n + 1)]
        text.append(lines)
    return text


def _look(n: int) -> list[str]:
    """The lines that end the program where a check has found an error."""
    return [
        f"  %error{n} = load atomic i64, ptr %control acquire, align 8",
        f"  %bad{n} = icmp ne i64 %error{n}, 0",
        f"  br i1 %bad{n}, label %bad, label %fine{n}",
        f"fine{n}:",
    ]


def _conflict(call: Call, earlier: Call) -> bool:
    """Whether two kernels touch the same bytes, one of them writing, on different threads."""
    return any(
        _overlap(a, b)
        for mine, theirs in (
            (call.writes, [*earlier.reads, *earlier.writes]),
            (call.reads, earlier.writes),
        )
        for a in mine
        for b in theirs
    )


def _overlap(a: Place, b: Place) -> bool:
    return a.entry == b.entry and a.offset < b.offset + b.size and b.offset < a.offset + a.size


def _call(n: int, call: Call) -> list[str]:
    """The lines that call one kernel."""
    units = call.routine.units
    if not units:
        return []
    lines, pointers = [], []
    for i, place in enumerate(call.places):
        at = f"{place.offset}"
        if place.stride:
            lines.append(f"  %o{n}_{i} = mul i64 %s, {place.stride}")
            at = f"%o{n}_{i}"
        lines.append(f"  %p{n}_{i} = getelementptr i8, ptr %base{place.entry}, i64 {at}")
        pointers.append(f"ptr %p{n}_{i}")
    arguments = ", ".join([*pointers, "ptr %control", "ptr %scratch"])
    if call.parallel:
        return [
            *lines,
            f"  %x{n} = mul i64 %thread, {units}",
            f"  %begin{n} = sdiv i64 %x{n}, %threads",
            f"  %y{n} = add i64 %x{n}, {units}",
            f"  %end{n} = sdiv i64 %y{n}, %threads",
            f"  call void @{call.name}({arguments}, i64 %begin{n}, i64 %end{n})",
        ]
    return [
        *lines,
        f"  br i1 %first, label %do{n}, label %did{n}",
        f"do{n}:",
        f"  call void @{call.name}({arguments}, i64 0, i64 {units})",
        f"  br label %did{n}",
        f"did{n}:",
    ]
