package contract

import (
	"errors"

	"stockproof/inventory/port"
	"stockproof/model"
)

func truthLossCases() []truthCase {
	return []truthCase{
		{"a killed holder gives way", truthKilledHolder},
		{"a killed waiter is rolled back", truthKilledWaiter},
		{"a client goes on after its connections were killed", truthKilledGoesOn},
		{"who is idle inside a transaction is ended", truthIdleHolder},
	}
}

func truthKilledHolder(r *truthRig) {
	r.created(stocked("A", 1, 5))
	tx := r.begin(r.a, lockOf("A"), &port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 9)}})
	other := r.begin(r.a, restock(1))
	lock := lockOf("A")
	p := r.waits(func() error { return r.b.Do(r.ctx, lock) })
	r.bed.Kill(r.a)
	p.succeeds()
	same(r, "locked", lock.Found, []model.Lane{stocked("A", 1, 5)})
	r.class(tx.Do(r.ctx, lockOf("A")), port.ErrUnavailable)
	r.class(tx.Commit(r.ctx), port.ErrUnavailable)
	if err := other.Commit(r.ctx, restock(2)); !errors.Is(err, port.ErrUnknown) &&
		!errors.Is(err, port.ErrUnavailable) {
		r.Fatal(err)
	}
	same(r, "commands", r.traces(r.b), "")
}

func truthKilledWaiter(r *truthRig) {
	r.created(stocked("A", 1, 5), stocked("B", 1, 5))
	tx := r.begin(r.a, lockOf("B"))
	waiter := r.begin(r.b)
	p := r.waits(func() error { return waiter.Do(r.ctx, restock(1), lockOf("A", "B")) })
	r.bed.Kill(r.b)
	r.class(p.result(), port.ErrUnavailable)
	tx.do(lockOf("A"))
	tx.commit()
	same(r, "commands", r.traces(r.a), "")
}

// truthKilledGoesOn: each connection of a pool that was killed shows it once.
func truthKilledGoesOn(r *truthRig) {
	r.do(restock(1))
	r.bed.Kill(r.a)
	for tries := 0; ; tries++ {
		st := &port.ScanCommands{Max: 10}
		err := r.a.Do(r.ctx, st)
		if err == nil {
			same(r, "commands", commandIDs(st.Rows), " 1")
			return
		}
		if r.class(err, port.ErrUnavailable); tries == 20 {
			r.Fatal(err)
		}
	}
}

// truthIdleHolder is the zombie: it holds a lane, and nothing is heard of it any more.
func truthIdleHolder(r *truthRig) {
	r.created(stocked("A", 1, 5))
	tx := r.begin(r.a, lockOf("A"), &port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 9)}})
	for {
		lock := lockOf("A")
		if err := r.b.Do(r.ctx, lock); err == nil {
			same(r, "locked", lock.Found, []model.Lane{stocked("A", 1, 5)})
			break
		} else if class := port.Class(err); class != port.ErrConflict && class != port.ErrUnavailable {
			r.Fatal(err) // the wait may end first
		}
	}
	if err := tx.Commit(r.ctx); !errors.Is(err, port.ErrUnknown) && !errors.Is(err, port.ErrUnavailable) {
		r.Fatalf("the zombie's commit: %v", err)
	}
	same(r, "lane", r.lane("A"), stocked("A", 1, 5))
}
