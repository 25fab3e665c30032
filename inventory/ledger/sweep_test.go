package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// leaky is a broker that loses the first records of a topic that hold a text.
type leaky struct {
	port.Broker
	topic, text string
	left        *atomic.Int64
}

func (l leaky) Produce(ctx context.Context, rs ...port.Record) error {
	var kept []port.Record
	for _, r := range rs {
		if r.Topic == l.topic && strings.Contains(string(r.Value), l.text) && l.left.Add(-1) >= 0 {
			continue
		}
		kept = append(kept, r)
	}
	return l.Broker.Produce(ctx, kept...)
}

// loseCommand makes the connector's broker lose the first n records that hold the command; it returns
// how many are still to be lost.
func (h *house) loseCommand(id model.ID, n int64) *atomic.Int64 {
	left := new(atomic.Int64)
	left.Store(n)
	h.broker = func(role string, b port.Broker) port.Broker {
		if role != "connector" {
			return b
		}
		return leaky{b, model.CommandTopic, id.String(), left}
	}
	return left
}

// A command whose record was lost between the log and the broker, more than once, is sent again until
// it is decided, once.
func TestALostCommandIsSweptUp(t *testing.T) {
	h := newHouse(t)
	left := h.loseCommand(lineOf("o", 1), 3)
	h.run("connector", "worker", "sweeper")
	s := store{h, h.front(inventory.Async)}
	s.restock("in", "A", 5)
	s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2))), "GRANTED 2")
	if left.Load() > 0 || h.ear.count("swept") < 3 {
		t.Errorf("%d losses to come, %d swept", left.Load(), h.ear.count("swept"))
	}
	s.wantLane("A", 5, 2)
	h.booksAgree()
}

// The sweeper's own COMMIT may be lost: what it sends is sent again, and decided once, whether the COMMIT
// happened or not.
func TestTheSweepersLostCommit(t *testing.T) {
	for name, happened := range map[string]bool{"it happened": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.loseCommand(lineOf("o", 1), 2)
			swept := new(atomic.Int64)
			lose := lost(func(int) bool { return happened })
			h.meddle(&meddled{commit: func(ctx context.Context, do func() error, roll func()) error {
				swept.Add(1)
				return lose(ctx, do, roll)
			}}, "sweeper")
			h.run("connector", "worker", "sweeper")
			s := store{h, h.front(inventory.Async)}
			s.restock("in", "A", 5)
			s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2))), "GRANTED 2")
			if swept.Load() == 0 {
				t.Error("the sweeper committed nothing")
			}
			s.wantLane("A", 5, 2)
			h.booksAgree()
		})
	}
}

// What is merely behind is left alone: while the partition's oldest unsettled record is older than a
// command, sending it again would only make the queue longer.
func TestWhatIsMerelyBehindIsNotSweptUp(t *testing.T) {
	h := newHouse(t, onePartition)
	in := h.front(inventory.Async)
	h.run("connector")
	var as []inventory.Answer
	for _, name := range []string{"a", "b", "c"} {
		a, err := in.Orders.Submit(h.ctx, restock(name, 1))
		h.must(err)
		as = append(as, a)
	}
	h.until("the records are in the log", func() bool { return len(h.world.Kafka.Records(model.CommandTopic)) > 0 })
	var rounds atomic.Int64
	h.meddle(&meddled{refuse: func(st port.Statement) error {
		if _, ok := st.(*port.ResubmitCommands); ok {
			rounds.Add(1)
		}
		return nil
	}}, "sweeper")
	h.run("sweeper")
	h.until("several rounds", func() bool { return rounds.Load() > 5 })
	if n := h.ear.count("swept"); n != 0 {
		t.Errorf("%d commands swept while no worker ran", n)
	}
	h.run("worker")
	h.must(in.Orders.Await(h.ctx, as))
	h.want("decided", say(as), "GRANTED 1, GRANTED 1, GRANTED 1")
}

// refusing is a broker that takes nothing for a while.
type refusing struct {
	port.Broker
	left *atomic.Int64
}

func (r refusing) Produce(ctx context.Context, rs ...port.Record) error {
	if r.left.Add(-1) >= 0 {
		return fmt.Errorf("it takes nothing: %w", port.ErrUnavailable)
	}
	return r.Broker.Produce(ctx, rs...)
}

// gated counts what a role asks of a truth, and what it commits there.
type gated struct {
	port.Truth
	asked, committed *atomic.Int64
}

func (g gated) Begin() port.Tx { return gatedTx{g.Truth.Begin(), g} }

type gatedTx struct {
	port.Tx
	g gated
}

func (t gatedTx) Do(ctx context.Context, batch ...port.Statement) error {
	t.g.asked.Add(1)
	return t.Tx.Do(ctx, batch...)
}

func (t gatedTx) Commit(ctx context.Context, batch ...port.Statement) error {
	t.g.committed.Add(1)
	return t.Tx.Commit(ctx, batch...)
}

// Behind a closed gate nothing is swept and no heart beats, however much there is to sweep; once it is open both
// go on by themselves.
func TestNothingIsSweptOrBeatsBehindAClosedGate(t *testing.T) {
	for _, role := range []string{"sweeper", "heart"} {
		t.Run(role, func(t *testing.T) {
			in, lost := restock("in", 5), restock("lost", 7)
			h := accepted(t, in, lost)
			h.send("A", record(in))
			crash := h.run("worker")
			h.until("the partition is past what was lost", func() bool { return h.progress() == 1 })
			crash()
			h.world.Postgres.Promote()
			var asked, committed atomic.Int64
			h.truth = func(_ string, t port.Truth) port.Truth { return gated{t, &asked, &committed} }
			h.run(role)
			h.until("it has asked ten times", func() bool { return asked.Load() >= 10 })
			if n := committed.Load(); n != 0 || h.commandRow(lost.ID).Tries != 0 {
				t.Errorf("%d commits behind a closed gate, %+v", n, h.commandRow(lost.ID))
			}
			h.must(h.p.Truth.Do(h.ctx, &port.SetEpoch{}))
			h.until("it goes on", func() bool {
				return committed.Load() > 0 && (role == "heart" || h.commandRow(lost.ID).Tries > 0)
			})
		})
	}
}
