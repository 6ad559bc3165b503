"""Work: what staff do behind a stage; scheduled to started is waiting, from there on it is working."""

from journey.touchpoints.touchpoint import Code, Staff, Touchpoint
from journey.words import Words


class Work(Touchpoint):
    """What all events about a work item share; not a type itself."""

    stage = "interaction"
    staff_only = True

    item: Code
    resource: Staff | None = None
    team: Code | None = None


class WorkScheduled(Work):
    """The item is put on the work list."""

    type = "work.scheduled"
    title = Words("Work scheduled", "任务排期")
    says = Words("{item} was scheduled", "任务{item}已排期")


class WorkStarted(Work):
    """Somebody takes the item up."""

    type = "work.started"
    title = Words("Work started", "任务开始")
    says = Words("{item} was taken up", "任务{item}已开始")


class WorkSuspended(Work):
    """The item is laid aside."""

    type = "work.suspended"
    title = Words("Work suspended", "任务挂起")
    says = Words("{item} was laid aside", "任务{item}已挂起")


class WorkResumed(Work):
    """Somebody goes on with the item."""

    type = "work.resumed"
    title = Words("Work resumed", "任务恢复")
    says = Words("{item} was taken up again", "任务{item}已恢复处理")


class WorkCompleted(Work):
    """The item is done."""

    type = "work.completed"
    title = Words("Work completed", "任务完成")
    says = Words("{item} was completed", "任务{item}已完成")


class WorkCancelled(Work):
    """The item is no longer needed."""

    type = "work.cancelled"
    title = Words("Work cancelled", "任务取消")
    says = Words("{item} was cancelled", "任务{item}已取消")
