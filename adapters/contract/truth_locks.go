package contract

import (
	"context"
	"errors"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

func truthLockCases() []truthCase {
	return []truthCase{
		{"who waits for a lane sees what was committed meanwhile", truthLockSees},
		{"who waits for a lane that was rolled back sees the old one", truthLockRolledBack},
		{"what is read behind the lock is what its last holder knew", truthLockThenKnown},
		{"who waits for one lane holds those before it", truthLockInOrder},
		{"reads wait for nobody", truthReadsDoNotWait},
		{"lanes are shared by readers and kept from writers", truthShare},
		{"a holder who shares may write when it is alone", truthShareUpgrade},
		{"a bump waits, and is not lost", truthBumpWaits},
		{"DecideCommands that waited for another answer is refused", truthDecideRace},
		{"DecideCommands that waited for nothing decides", truthDecideRolledBack},
		{"a deadlock ends one of the two", truthDeadlock},
		{"a deadlock over unique keys ends one of the two", truthDeadlockKeys},
		{"a deadlock of two who share and both write ends one of the two", truthDeadlockShared},
		{"a wait for a lock ends", truthLockTimeout},
		{"a wait that is given up leaves nothing", truthLockCancelled},
	}
}

func lockOf(skus ...string) *port.LockLanes {
	st := &port.LockLanes{}
	for _, s := range skus {
		st.Lanes = append(st.Lanes, laneAt(s))
	}
	return st
}

func truthLockSees(r *truthRig)       { r.lockThen(true) }
func truthLockRolledBack(r *truthRig) { r.lockThen(false) }

func (r *truthRig) lockThen(commit bool) {
	r.created(stocked("A", 1, 5))
	tx := r.begin(r.a, lockOf("A"), &port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 8)}})
	st := lockOf("A")
	p := r.waits(func() error { return r.b.Do(r.ctx, st) })
	want := stocked("A", 1, 5)
	if commit {
		want = stocked("A", 2, 8)
		tx.commit()
	} else {
		tx.rollback()
	}
	p.succeeds()
	same(r, "locked", st.Found, []model.Lane{want})
}

// truthLockThenKnown is why settle reads what is known in a later statement than the one that locks.
func truthLockThenKnown(r *truthRig) {
	r.created(stocked("A", 1, 5))
	r.do(restock(1))
	tx := r.begin(r.a, lockOf("A"))
	lock, known := lockOf("A"), &port.KnownCommands{IDs: nths(1, 2)}
	p := r.waits(func() error { return r.b.Do(r.ctx, lock, known) })
	answer := decidedCommand(1, "A", 2)
	tx.commit(&port.DecideCommands{Rows: []port.CommandRow{answer}}, restock(2),
		&port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 9)}})
	p.succeeds()
	same(r, "lane", lock.Found, []model.Lane{stocked("A", 2, 9)})
	same(r, "known", known.Rows, []port.CommandRow{answer, undecidedCommand(2, "A")})
}

func truthLockInOrder(r *truthRig) {
	r.created(stocked("A", 1, 1), stocked("B", 1, 1), stocked("C", 1, 1))
	tx := r.begin(r.a, lockOf("B"))
	waiter := r.begin(r.b)
	p := r.waits(func() error { return waiter.Do(r.ctx, lockOf("A", "B", "C")) })
	r.do(lockOf("C")) // not reached yet
	third := r.waits(func() error { return r.a.Do(r.ctx, lockOf("A")) })
	tx.commit()
	p.succeeds()
	waiter.commit()
	third.succeeds()
}

func truthReadsDoNotWait(r *truthRig) {
	r.created(stocked("A", 1, 5))
	r.do(restock(1))
	tx := r.begin(r.b, lockOf("A"), &port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 8)}},
		&port.DecideCommands{Rows: []port.CommandRow{decidedCommand(1, "A", 2)}})
	same(r, "lane", r.lane("A"), stocked("A", 1, 5))
	same(r, "command", r.known(1), []port.CommandRow{undecidedCommand(1, "A")})
	if n := r.bed.Waiting(); n != 0 {
		r.Fatalf("%d wait", n)
	}
	tx.commit()
}

func sharedLane(sku string) *port.ReadLanes {
	return &port.ReadLanes{Lanes: []model.LaneKey{laneAt(sku)}, Share: true}
}

func truthShare(r *truthRig) {
	r.created(stocked("A", 1, 5))
	one, two := r.begin(r.a, sharedLane("A")), r.begin(r.b, &port.ScanLanes{Max: 1, Share: true})
	lock := lockOf("A")
	p := r.waits(func() error { return r.b.Do(r.ctx, lock) })
	one.commit()
	p.waits(1) // PostgreSQL wakes it up to look at the one who is left
	two.rollback()
	p.succeeds()
	tx := r.begin(r.a, lockOf("A"), &port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 6)}})
	st := sharedLane("A")
	p = r.waits(func() error { return r.b.Do(r.ctx, st) })
	tx.commit()
	p.succeeds()
	same(r, "shared after the writer", st.Found, []model.Lane{stocked("A", 2, 6)})
}

func truthShareUpgrade(r *truthRig) {
	r.created(stocked("A", 1, 5))
	r.begin(r.a, sharedLane("A")).commit(lockOf("A"),
		&port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 6)}})
	one, two := r.begin(r.a, sharedLane("A")), r.begin(r.b, sharedLane("A"))
	p := r.waits(func() error { return one.Do(r.ctx, &port.BumpLane{Lane: laneAt("A")}) })
	two.commit()
	p.succeeds()
	one.commit()
	want := stocked("A", 2, 6)
	want.Bump = 1
	same(r, "lane", r.lane("A"), want)
}

func truthBumpWaits(r *truthRig) {
	r.created(stocked("A", 1, 5))
	tx := r.begin(r.a, &port.BumpLane{Lane: laneAt("A")},
		&port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 6)}})
	p := r.waits(func() error { return r.b.Do(r.ctx, &port.BumpLane{Lane: laneAt("A")}) })
	tx.commit()
	p.succeeds()
	want := stocked("A", 2, 6)
	want.Bump = 2
	same(r, "lane", r.lane("A"), want)
}

func truthDecideRace(r *truthRig) {
	r.do(restock(1), restock(2))
	first, second := decidedCommand(2, "A", 1), decidedCommand(2, "A", 2)
	tx := r.begin(r.a, &port.DecideCommands{Rows: []port.CommandRow{first}})
	p := r.waits(func() error {
		return r.b.Do(r.ctx, &port.DecideCommands{Rows: []port.CommandRow{decidedCommand(1, "A", 3), second}})
	})
	tx.commit()
	r.class(p.result(), port.ErrConflict)
	same(r, "commands", r.known(1, 2), []port.CommandRow{undecidedCommand(1, "A"), first})
}

func truthDecideRolledBack(r *truthRig) {
	r.do(restock(1))
	tx := r.begin(r.a, &port.DecideCommands{Rows: []port.CommandRow{decidedCommand(1, "A", 1)}})
	second := decidedCommand(1, "A", 2)
	p := r.waits(func() error { return r.b.Do(r.ctx, &port.DecideCommands{Rows: []port.CommandRow{second}}) })
	tx.rollback()
	p.succeeds()
	same(r, "commands", r.known(1), []port.CommandRow{second})
}

func truthDeadlock(r *truthRig) {
	r.created(stocked("A", 1, 5), stocked("B", 1, 5))
	r.deadlock(lockOf("A"), lockOf("B"))
}

func truthDeadlockKeys(r *truthRig) { r.deadlock(restock(1), restock(2)) }

func truthDeadlockShared(r *truthRig) {
	r.created(stocked("A", 1, 5))
	bump := func() port.Statement { return &port.BumpLane{Lane: laneAt("A")} }
	one, two := r.begin(r.a, sharedLane("A")), r.begin(r.b, sharedLane("A"))
	p := r.waits(func() error { return one.Do(r.ctx, bump()) })
	r.oneOfTwo(p, one, two, two.Do(r.ctx, bump()))
}

// deadlock has two transactions take x and y in opposite orders: one goes on, the other is over. Where
// x and y insert, the one that goes on meets nobody.
func (r *truthRig) deadlock(x, y port.Statement) {
	one, two := r.begin(r.a, x), r.begin(r.b, y)
	p := r.waits(func() error { return one.Do(r.ctx, y) })
	r.oneOfTwo(p, one, two, two.Do(r.ctx, x))
}

// oneOfTwo ends two transactions of which one is over: the first call is pending, the second returned.
func (r *truthRig) oneOfTwo(p *pending, one, two *truthTx, second error) {
	r.Helper()
	if second != nil {
		two.rollback()
	} else {
		two.commit()
	}
	first := p.result()
	if (first == nil) == (second == nil) {
		r.Fatalf("one of them fails, not: %v, %v", first, second)
	}
	failed := first
	if first == nil {
		one.commit()
		failed = second
	}
	r.class(failed, port.ErrConflict)
}

// truthLockTimeout: the holder is busy all the time, so that nobody ends it for idling.
func truthLockTimeout(r *truthRig) {
	r.created(stocked("A", 1, 5))
	tx := r.begin(r.a, lockOf("A"))
	waiter := r.begin(r.b, restock(1))
	p := r.waits(func() error { return waiter.Do(r.ctx, restock(2), lockOf("A")) })
	var err error
	for waits := true; waits; {
		select {
		case err = <-p.done:
			waits = false
		case <-time.After(20 * time.Millisecond):
			tx.do(&port.ReadEpoch{})
		}
	}
	if class := port.Class(err); class != port.ErrConflict && class != port.ErrUnavailable {
		r.Fatalf("the wait ended with: %v", err)
	}
	r.class(waiter.Commit(r.ctx), port.Class(err))
	tx.commit()
	same(r, "commands", r.traces(r.b), "")
}

func truthLockCancelled(r *truthRig) {
	r.created(stocked("A", 1, 5), stocked("B", 1, 5))
	ctx, cancel := context.WithCancel(r.ctx)
	tx := r.begin(r.a, lockOf("B"))
	waiter := r.begin(r.b)
	p := r.waits(func() error { return waiter.Do(ctx, restock(1), lockOf("A", "B")) })
	cancel()
	if err := p.result(); !errors.Is(err, context.Canceled) {
		r.Fatal(err)
	}
	r.do(lockOf("A")) // is free again
	tx.commit()
	if err := waiter.Commit(r.ctx); err == nil {
		r.Fatal("a transaction that was given up is committed")
	}
	same(r, "commands", r.traces(r.b), "")
}
