package contract

import (
	"context"
	"errors"

	"stockproof/inventory/port"
	"stockproof/model"
)

func truthTransactionCases() []truthCase {
	return []truthCase{
		{"a commit is visible to all, and not before", truthVisible},
		{"a rollback leaves nothing", truthRollback},
		{"an implicit transaction is all or nothing", truthImplicit},
		{"a refused COMMIT commits nothing", truthCommitRefused},
		{"an error ends the transaction for good", truthOver},
		{"an error frees the locks at once", truthErrorFrees},
		{"a transaction without statements commits", truthNothing},
		{"Rollback of what is over changes nothing", truthRollbackOver},
		{"each statement sees what was committed when it began", truthReadCommitted},
		{"a context that is over sends nothing", truthContextOver},
	}
}

// restock is a statement that leaves a trace: command n, undecided.
func restock(n int) *port.AcceptCommands {
	return &port.AcceptCommands{Rows: []port.CommandRow{undecidedCommand(n, "A")}}
}

func (r *truthRig) traces(t port.Truth) string {
	r.Helper()
	st := &port.ScanCommands{Max: 100}
	r.must(t.Do(r.ctx, st))
	return commandIDs(st.Rows)
}

func truthVisible(r *truthRig) {
	known := &port.KnownCommands{IDs: nths(1, 2)}
	tx := r.begin(r.a, restock(1), known)
	same(r, "in the transaction", commandIDs(known.Rows), " 1")
	same(r, "outside", r.traces(r.b), "")
	tx.do(restock(2))
	same(r, "outside", r.traces(r.b), "")
	tx.commit(restock(3))
	same(r, "after COMMIT", r.traces(r.b), " 1 2 3")
}

func truthRollback(r *truthRig) {
	r.created(stocked("A", 1, 5))
	tx := r.begin(r.a, restock(1), &port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 9)}},
		&port.CreateLanes{Lanes: []model.LaneKey{laneAt("B")}},
		&port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(1)}})
	tx.do(&port.WriteLanes{Lanes: []model.Lane{stocked("A", 3, 10)}}, &port.DeleteOutbox{IDs: nths(1)})
	tx.rollback()
	same(r, "commands", r.traces(r.a), "")
	scan := &port.ScanLanes{Max: 10}
	r.do(scan)
	same(r, "lanes", scan.Lanes, []model.Lane{stocked("A", 1, 5)})
	r.do(restock(1), &port.CreateLanes{Lanes: []model.LaneKey{laneAt("B")}})
	same(r, "the same again", r.traces(r.b), " 1")
}

func truthImplicit(r *truthRig) {
	r.do(restock(2))
	r.fails(port.ErrConflict, restock(1), restock(2), restock(3))
	same(r, "commands", r.traces(r.b), " 2")
	r.do(restock(3), restock(4))
	same(r, "commands", r.traces(r.b), " 2 3 4")
}

func truthCommitRefused(r *truthRig) {
	r.do(restock(2))
	tx := r.begin(r.a, restock(1))
	err := tx.Commit(r.ctx, restock(3), restock(2), restock(4))
	r.constraint(err, port.ErrConflict, "23505", "command", "command_pkey")
	same(r, "commands", r.traces(r.b), " 2")
	guarded := r.begin(r.a, restock(5))
	err = guarded.Commit(r.ctx, restock(6),
		&port.DecideCommands{Rows: []port.CommandRow{decidedCommand(9, "A", 1)}})
	r.class(err, port.ErrConflict)
	same(r, "commands", r.traces(r.b), " 2")
}

func truthOver(r *truthRig) {
	r.do(restock(2))
	tx := r.begin(r.a, restock(1))
	r.class(tx.Do(r.ctx, restock(2)), port.ErrConflict)
	r.class(tx.Do(r.ctx, restock(3)), port.ErrConflict)
	r.class(tx.Commit(r.ctx, restock(4)), port.ErrConflict)
	r.class(tx.Commit(r.ctx), port.ErrConflict)
	tx.rollback()
	same(r, "commands", r.traces(r.b), " 2")
}

func truthErrorFrees(r *truthRig) {
	r.created(stocked("A", 1, 5))
	r.do(restock(2))
	tx := r.begin(r.a, &port.LockLanes{Lanes: []model.LaneKey{laneAt("A")}})
	r.class(tx.Do(r.ctx, restock(2)), port.ErrConflict)
	lock := &port.LockLanes{Lanes: []model.LaneKey{laneAt("A")}}
	r.must(r.b.Do(r.ctx, lock))
	same(r, "locked", lock.Found, []model.Lane{stocked("A", 1, 5)})
}

func truthNothing(r *truthRig) {
	r.begin(r.a).commit()
	r.begin(r.a).rollback()
	r.begin(r.a, &port.ReadEpoch{}).commit()
	r.begin(r.a).commit(restock(1))
	same(r, "commands", r.traces(r.b), " 1")
}

func truthRollbackOver(r *truthRig) {
	tx := r.begin(r.a, restock(1))
	tx.commit(restock(2))
	tx.rollback()
	if err := tx.Do(r.ctx, restock(3)); err == nil {
		r.Fatal("a committed transaction goes on")
	}
	tx.rollback()
	gone := r.begin(r.a, restock(4))
	gone.rollback()
	gone.rollback()
	if err := gone.Commit(r.ctx, restock(5)); err == nil {
		r.Fatal("a transaction that was rolled back goes on")
	}
	same(r, "commands", r.traces(r.b), " 1 2")
}

func truthReadCommitted(r *truthRig) {
	r.created(stocked("A", 1, 5))
	before, after := &port.ReadLanes{Lanes: []model.LaneKey{laneAt("A")}},
		&port.ReadLanes{Lanes: []model.LaneKey{laneAt("A")}}
	tx := r.begin(r.a, before)
	r.must(r.b.Do(r.ctx, &port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 7)}}, restock(1)))
	known := &port.KnownCommands{IDs: nths(1)}
	tx.commit(after, known)
	same(r, "first", before.Found, []model.Lane{stocked("A", 1, 5)})
	same(r, "then", after.Found, []model.Lane{stocked("A", 2, 7)})
	same(r, "commands", commandIDs(known.Rows), " 1")
}

func truthContextOver(r *truthRig) {
	over, cancel := context.WithCancel(r.ctx)
	cancel()
	tx := r.begin(r.a, restock(2))
	for _, err := range []error{r.a.Do(over, restock(1)), tx.Do(over, restock(3)),
		tx.Commit(r.ctx, restock(4))} {
		if !errors.Is(err, context.Canceled) {
			r.Fatal(err)
		}
	}
	same(r, "commands", r.traces(r.b), "")
	r.must(r.b.Do(r.ctx, restock(2))) // nobody holds it any more
}
