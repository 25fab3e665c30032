package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
)

// meddled is a truth that a test refuses statements of, or loses commits of.
type meddled struct {
	port.Truth
	refuse func(st port.Statement) error                                       // before a statement reaches the server
	commit func(ctx context.Context, do func() error, roll func()) (err error) // around COMMIT
}

type meddledTx struct {
	port.Tx
	m *meddled
}

func (m *meddled) Begin() port.Tx { return &meddledTx{m.Truth.Begin(), m} }

func (m *meddled) refused(batch []port.Statement) error {
	for _, st := range batch {
		if m.refuse == nil {
			return nil
		}
		if err := m.refuse(st); err != nil {
			return err
		}
	}
	return nil
}

func (t *meddledTx) Do(ctx context.Context, batch ...port.Statement) error {
	if err := t.m.refused(batch); err != nil {
		t.Rollback(ctx)
		return err
	}
	return t.Tx.Do(ctx, batch...)
}

func (t *meddledTx) Commit(ctx context.Context, batch ...port.Statement) error {
	if err := t.m.refused(batch); err != nil {
		t.Rollback(ctx)
		return err
	}
	do := func() error { return t.Tx.Commit(ctx, batch...) }
	if t.m.commit == nil {
		return do()
	}
	return t.m.commit(ctx, do, func() { t.Rollback(ctx) })
}

// meddle puts m in front of the truth of roles with a name of that list.
func (h *house) meddle(m *meddled, roles ...string) {
	h.truth = func(role string, t port.Truth) port.Truth {
		if !slices.Contains(roles, role) {
			return t
		}
		return &meddled{Truth: t, refuse: m.refuse, commit: m.commit}
	}
}

// A command that the truth refuses for ever is found by bisection and is a letter alone; so it is when
// a conflict on it comes back again and again.
func TestACommandTheTruthRefusesIsALetterAlone(t *testing.T) {
	for name, class := range map[string]error{"contract": port.ErrContract, "stubborn conflict": port.ErrConflict} {
		for _, at := range []int{0, 3, 6} {
			t.Run(fmt.Sprint(name, " at ", at), func(t *testing.T) {
				var all []model.Command
				for i := range 7 {
					all = append(all, restock(fmt.Sprint("c", i), int64(i+1)))
				}
				h := accepted(t, all...)
				poison := all[at].ID
				h.meddle(&meddled{refuse: func(st port.Statement) error {
					d, ok := st.(*port.DecideCommands)
					if ok && slices.ContainsFunc(d.Rows, func(r port.CommandRow) bool { return r.ID == poison }) {
						return &port.ConstraintError{Class: class, SQLState: "23514", Table: "command", Message: "no"}
					}
					return nil
				}}, "worker")
				h.send("A", record(all[:4]...))
				h.send("A", record(all[4:]...))
				h.run("worker")
				h.until("both records are settled", func() bool { return h.progress() == 2 })
				letters := h.letters()
				if len(letters) != 1 || letters[0].Command != poison || letters[0].Class != port.DeadContract {
					t.Fatalf("letters %+v", letters)
				}
				if l := h.lane("A"); l.Seq != 6 || l.OnHand != 28-int64(at+1) {
					t.Errorf("lane %+v: the others were not decided once each", l)
				}
				if !h.ear.heard(poison.String()) {
					t.Errorf("no alarm names the command: %s", h.ear)
				}
				// Once the truth takes it, a re-drive decides it.
				as, err := ledger.NewDeadLetters(h.p, h.o).Redrive(h.ctx, keyOf(letters[0]), false)
				h.must(err)
				h.want("re-drive", say(as), fmt.Sprint("GRANTED ", at+1))
				h.booksAgree()
			})
		}
	}
}

// One submission that the truth refuses for ever fails alone; the others of its group commit are
// answered.
func TestASubmissionTheTruthRefusesFailsAlone(t *testing.T) {
	for _, mode := range []inventory.AdmissionMode{inventory.Sync, inventory.Async} {
		t.Run(string(mode), func(t *testing.T) {
			h := newHouse(t)
			poison := model.NameID("c3")
			h.meddle(&meddled{refuse: func(st port.Statement) error {
				d, ok := st.(*port.AcceptCommands)
				if ok && slices.ContainsFunc(d.Rows, func(r port.CommandRow) bool { return r.ID == poison }) {
					return &port.ConstraintError{Class: port.ErrContract, SQLState: "22003", Table: "command", Message: "no"}
				}
				return nil
			}}, "front-"+string(mode))
			f := h.front(mode)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					_, err := f.Orders.Submit(h.ctx, restock(fmt.Sprint("c", i), 1))
					if (err != nil) != (i == 3) {
						t.Errorf("c%d: %v", i, err)
					}
				})
			}
			wg.Wait()
			read := &port.ScanCommands{Max: 10}
			if h.must(h.p.Truth.Do(h.ctx, read)); len(read.Rows) != 7 {
				t.Errorf("%d commands accepted, want 7", len(read.Rows))
			}
		})
	}
}

// lost is a commit of which nobody knows whether it happened, every second time that it did.
func lost(applied func(n int) bool) func(context.Context, func() error, func()) error {
	var mu sync.Mutex
	n := 0
	return func(_ context.Context, do func() error, roll func()) error {
		mu.Lock()
		n++
		turn := n
		mu.Unlock()
		if turn > 6 { // then the network is well again
			return do()
		}
		if !applied(turn) {
			roll()
		} else if err := do(); err != nil {
			return err
		}
		return fmt.Errorf("connection lost at COMMIT: %w", port.ErrUnknown)
	}
}

// A COMMIT whose answer is lost is run again with the same ids, whether it happened or not: nothing
// twice, nothing lost, and the client is told what was decided.
func TestALostCommitIsRunAgain(t *testing.T) {
	for name, applied := range map[string]func(int) bool{
		"it happened":   func(int) bool { return true },
		"it did not":    func(int) bool { return false },
		"now and then":  func(n int) bool { return n%2 == 0 },
		"the other way": func(n int) bool { return n%2 == 1 },
	} {
		for _, role := range []string{"front-sync", "front-async", "worker", "coordinator", "sweeper"} {
			t.Run(name+" at "+role, func(t *testing.T) {
				h := newHouse(t)
				h.meddle(&meddled{commit: lost(applied)}, role)
				h.run("connector", "worker", "coordinator", "projection", "sweeper")
				mode := inventory.Async
				if role == "front-sync" {
					mode = inventory.Sync
				}
				s := store{h, h.front(mode)}
				s.want("restock", s.restock("in", "A", 5), "GRANTED 5")
				s.want("order", s.checkout(basket("o", model.Partial, line("A", 2))), "GRANTED 2")
				s.want("commit", s.commit("o"), "GRANTED 2")
				s.want("second", s.checkout(basket("p", model.AllOrNothing, line("A", 3))), "GRANTED 3")
				s.want("cancel", s.cancel("p"), "GRANTED 3")
				s.wantLane("A", 3, 0)
				if n := len(h.letters()); n != 0 {
					t.Errorf("%d dead letters", n)
				}
				h.booksAgree()
			})
		}
	}
}
