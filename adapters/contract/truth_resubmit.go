package contract

import (
	"math"

	"stockproof/inventory/port"
	"stockproof/model"
)

func truthResubmitCases() []truthCase {
	return []truthCase{
		{"ResubmitCommands counts up and backs off", truthResubmitBackoff},
		{"ResubmitCommands takes what is due, oldest first", truthResubmitOrder},
		{"ResubmitCommands leaves what is decided or not due", truthResubmitNotDue},
		{"ResubmitCommands leaves what may still be on its way", truthResubmitUnsettled},
		{"ResubmitCommands leaves parked chains", truthResubmitParked},
		{"ResubmitCommands passes by what others hold", truthResubmitSkipsLocked},
		{"ResubmitCommands sees what its own transaction decided", truthResubmitOwn},
	}
}

// resubmit has a partition that is settled up to now and drained.
func (r *truthRig) resubmit(t port.Truth, max int) []port.CommandRow {
	r.Helper()
	st := &port.ResubmitCommands{Topic: truthTopic, End: []int64{0, 0, 0, 10}, Max: max, BackoffMS: 1000}
	r.must(t.Do(r.ctx, st))
	return st.Rows
}

// settled makes the progress row of partition 3.
func (r *truthRig) settled(next, at int64) {
	r.Helper()
	r.do(&port.CreateProgress{Topic: truthTopic, Part: 3})
	r.do(&port.AdvanceProgress{Topic: truthTopic, Part: 3, To: next, SettledAt: at})
}

func truthResubmitBackoff(r *truthRig) {
	r.settled(10, 0)
	row, old := undecidedCommand(1, "A"), undecidedCommand(2, "A")
	row.Tries, old.Tries = 2, 50
	r.do(&port.AcceptCommands{Rows: []port.CommandRow{row, old}})
	got := r.resubmit(r.a, 10)
	var read port.ReadEpoch
	r.do(&read)
	if len(got) != 2 || got[0].SentAt > read.NowMS ||
		got[0].SentAt < read.NowMS-int64(patience.Milliseconds()) {
		r.Fatalf("%+v at %d", got, read.NowMS)
	}
	row.SentAt, row.Tries, row.NextTry = got[0].SentAt, 3, got[0].SentAt+4000
	old.SentAt, old.Tries, old.NextTry = got[0].SentAt, 51, got[0].SentAt+1024_000
	same(r, "returned", got, []port.CommandRow{row, old})
	same(r, "stored", r.known(1, 2), []port.CommandRow{row, old})
	same(r, "at once again", r.resubmit(r.a, 10), nil)
}

func truthResubmitOrder(r *truthRig) {
	r.settled(10, 0)
	rows := []port.CommandRow{undecidedCommand(1, "B"), undecidedCommand(2, "A"),
		undecidedCommand(3, "A"), undecidedCommand(4, "A")}
	rows[0].NextTry, rows[1].NextTry, rows[2].NextTry, rows[3].NextTry = 30, 40, 20, 30
	r.do(&port.AcceptCommands{Rows: rows})
	same(r, "the oldest three, by lane", commandIDs(r.resubmit(r.a, 3)), " 3 4 1")
	same(r, "the rest", commandIDs(r.resubmit(r.a, 3)), " 2")
}

func truthResubmitNotDue(r *truthRig) {
	r.settled(10, 0)
	future := undecidedCommand(2, "A")
	future.NextTry = math.MaxInt64 / 4
	r.do(&port.AcceptCommands{Rows: []port.CommandRow{decidedCommand(1, "A", 1), future}})
	same(r, "resubmitted", r.resubmit(r.a, 10), nil)
}

func truthResubmitUnsettled(r *truthRig) {
	early, late := undecidedCommand(1, "A"), undecidedCommand(2, "A")
	early.SentAt, late.SentAt = 1499, 1500
	elsewhere := undecidedCommand(3, "A")
	elsewhere.Part, elsewhere.SentAt = 4, 1 // no progress, and no end of it was given
	unread := undecidedCommand(4, "A")
	unread.Part, unread.SentAt = 2, 1 // no progress yet, though the partition is empty
	r.do(&port.AcceptCommands{Rows: []port.CommandRow{early, late, elsewhere, unread}})
	same(r, "without progress", r.resubmit(r.a, 10), nil)
	r.settled(5, 1500)
	same(r, "settled to 1500", commandIDs(r.resubmit(r.a, 10)), " 1")
	r.do(&port.AdvanceProgress{Topic: truthTopic, Part: 3, From: 5, To: 10})
	same(r, "drained", commandIDs(r.resubmit(r.a, 10)), " 2")
}

func truthResubmitParked(r *truthRig) {
	r.settled(10, 0)
	follower := undecidedCommand(2, "A")
	follower.Ref = nth(1)
	rows := []port.CommandRow{undecidedCommand(1, "A"), follower, undecidedCommand(3, "A"),
		undecidedCommand(4, "A")}
	r.do(&port.AcceptCommands{Rows: rows})
	open, void, closed := deadLetter(0, nth(1)), deadLetter(1, nth(3)), deadLetter(2, nth(4))
	void.Class = port.DeadVoid
	closed.State = port.DeadDiscarded
	r.do(&port.InsertDead{Rows: []port.DeadRow{open, void, closed}})
	same(r, "beside the parked chain", commandIDs(r.resubmit(r.a, 10)), " 3 4")
	r.do(&port.CloseDead{Keys: []port.DeadKey{deadKeyOf(open)}, State: port.DeadRedriven})
	same(r, "when it is open no more", commandIDs(r.resubmit(r.a, 10)), " 1 2")
}

func truthResubmitSkipsLocked(r *truthRig) {
	r.settled(10, 0)
	r.do(&port.AcceptCommands{Rows: []port.CommandRow{undecidedCommand(1, "A"), undecidedCommand(2, "A"),
		undecidedCommand(3, "A")}})
	tx := r.begin(r.a, &port.DecideCommands{Rows: []port.CommandRow{decidedCommand(1, "A", 1)}})
	same(r, "the first two that are free", commandIDs(r.resubmit(r.b, 2)), " 2 3")
	tx.commit()
	same(r, "when it is decided", r.resubmit(r.b, 2), nil)
	if got := r.known(1); got[0].Decision.Outcome != model.Granted || got[0].Tries != 0 {
		r.Fatalf("%+v", got)
	}
}

func truthResubmitOwn(r *truthRig) {
	r.settled(10, 0)
	r.do(&port.AcceptCommands{Rows: []port.CommandRow{undecidedCommand(1, "A"), undecidedCommand(2, "A")}})
	st := &port.ResubmitCommands{Topic: truthTopic, End: []int64{0, 0, 0, 10}, Max: 10, BackoffMS: 1000}
	r.begin(r.a, &port.DecideCommands{Rows: []port.CommandRow{decidedCommand(1, "A", 1)}}).commit(st)
	same(r, "resubmitted", commandIDs(st.Rows), " 2")
}
