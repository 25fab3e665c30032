package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
)

// handed is the claim of partition 0 whose records the test hands to the worker itself.
type handed struct{ topic model.ID }

func (handed) Topic() string                               { return model.CommandTopic }
func (c handed) TopicID() model.ID                         { return c.topic }
func (handed) Partition() int32                            { return 0 }
func (handed) Committed() port.Position                    { return port.Position{} }
func (handed) Commit(context.Context, port.Position) error { return nil }
func (handed) Release()                                    {}
func (handed) Fetch(context.Context, port.Position, int, time.Duration) ([]port.Record, error) {
	return nil, nil
}

// replay is what the model says of commands that come once each.
type replay struct {
	lanes    map[model.LaneKey]model.Lane
	lines    map[model.ID]model.Line
	decided  map[model.ID]model.Decision
	supplied map[model.LaneKey]int64
}

func newReplay(accepted []model.Command) *replay {
	r := &replay{lanes: map[model.LaneKey]model.Lane{}, lines: map[model.ID]model.Line{},
		decided: map[model.ID]model.Decision{}, supplied: map[model.LaneKey]int64{}}
	for _, c := range accepted {
		if c.Kind == model.Reserve {
			r.lines[c.ID] = model.Line{Command: c.ID, OrderID: c.OrderID, LineNo: c.Line, Lane: c.Lane(), Qty: c.Qty,
				State: model.LinePending}
		}
	}
	return r
}

func (r *replay) settle(c model.Command) {
	if r.decided[c.ID].Decided() {
		return
	}
	s := model.State{Lane: r.lanes[c.Lane()], Own: r.lines[c.ID], Ref: r.lines[c.Ref]}
	s.Lane.Key = c.Lane()
	next, d := model.Decide(s, c)
	r.decided[c.ID], r.lanes[c.Lane()] = d, next.Lane
	if c.Kind == model.Reserve {
		r.lines[c.ID] = next.Own
	}
	if !c.Ref.IsZero() {
		r.lines[c.Ref] = next.Ref
	}
	if d.Outcome.Grants() && (c.Kind == model.Restock || c.Kind == model.Adjust) {
		r.supplied[c.Lane()] += d.Granted
	}
}

// drawn makes commands on two SKUs whose references point to each other's lines, and the restocks that
// come at last.
func drawn(t *rapid.T) (all, late []model.Command) {
	skus := []model.SKU{"A", "B"}
	n := rapid.IntRange(2, 12).Draw(t, "commands")
	for i := range n {
		sku := rapid.SampledFrom(skus).Draw(t, "sku")
		id, qty := model.NameID("c", fmt.Sprint(i)), rapid.Int64Range(1, 6).Draw(t, "qty")
		c := model.Command{ID: id, SKU: sku, Loc: model.MainLocation, Qty: qty}
		c.Kind = rapid.SampledFrom([]model.Kind{model.Restock, model.Reserve, model.Reserve, model.Commit, model.Release,
			model.Return, model.Adjust}).Draw(t, "kind")
		switch c.Kind {
		case model.Reserve:
			c.OrderID, c.Line = model.NameID("o", fmt.Sprint(i)), 1
			c.Policy = rapid.SampledFrom([]model.Policy{model.Partial, model.AllOrNothing}).Draw(t, "policy")
		case model.Commit, model.Release, model.Return:
			ref := rapid.IntRange(0, n-2).Draw(t, "ref")
			if ref >= i {
				ref++
			}
			if c.Ref = model.NameID("c", fmt.Sprint(ref)); c.Kind != model.Return {
				c.Qty = 0
			}
		case model.Adjust:
			c.Qty, c.Delta = 0, model.Some(rapid.SampledFrom([]int64{-4, -1, 3}).Draw(t, "delta"))
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("the generator made %+v: %v", c, err)
		}
		all = append(all, c)
	}
	for _, sku := range skus {
		late = append(late, model.Command{ID: model.NameID("late", string(sku)), Kind: model.Restock, SKU: sku,
			Loc: model.MainLocation, Qty: 1000})
	}
	return all, late
}

// deliveries are the commands in any order, each at least once, some under a body that is not theirs.
func deliveries(t *rapid.T, all []model.Command) []model.Command {
	some := append([]model.Command(nil), all...)
	for range rapid.IntRange(0, 2*len(all)).Draw(t, "repetitions") {
		c := rapid.SampledFrom(all).Draw(t, "again")
		if c.Qty > 0 && rapid.IntRange(0, 4).Draw(t, "stranger") == 0 {
			c.Qty++
		}
		some = append(some, c)
	}
	return rapid.Permutation(some).Draw(t, "order")
}

// Whatever is delivered again, in whatever order, packed into whatever records and batches: the worker
// over its tables gives every id the one outcome that the model gives its first delivery, rejections stay
// what they are after restocks, another body does nothing, and no unit is lost or made.
func TestTheWorkerSettlesEveryIDOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all, late := drawn(rt)
		w := newHanded(t, rt, append(append([]model.Command(nil), all...), late...))
		defer w.end()
		w.deliver(deliveries(rt, all))
		w.deliver(late)
		w.deliver(deliveries(rt, append(append([]model.Command(nil), all...), late...)))
		w.audit()
	})
}

// handing is a worker on servers in memory, and what the model expects of it.
type handing struct {
	*rapid.T
	ctx     context.Context
	end     context.CancelFunc
	truth   port.Truth
	worker  inventory.Handler
	claim   handed
	at      port.Position
	offset  int64
	bodies  map[model.ID]model.Fingerprint
	replay  *replay
	outcome map[model.ID]model.Decision // as first seen in the truth
}

func newHanded(t *testing.T, rt *rapid.T, accepted []model.Command) *handing {
	ctx, end := context.WithTimeout(t.Context(), 2*time.Minute)
	o := inventory.DefaultOptions()
	o.Partitions, o.Backoff = 1, inventory.Backoff{Base: time.Microsecond, Cap: time.Millisecond, Attempts: 20}
	world := sim.NewMemoryWorld(sim.WorldOptions{Topics: ledger.Design().Topics, Partitions: 1})
	p, _, err := world.Open("test")
	w := &handing{T: rt, ctx: ctx, end: end, truth: p.Truth, claim: handed{world.Kafka.TopicID(model.CommandTopic)},
		bodies: map[model.ID]model.Fingerprint{}, replay: newReplay(accepted), outcome: map[model.ID]model.Decision{}}
	w.must(err)
	w.must(p.Truth.Do(ctx, &port.SetEpoch{}))
	front := ledger.Design().Front(p, o)
	go front.Process.Run(ctx)
	for _, c := range accepted {
		_, err := front.Orders.Admission.Admit(ctx, inventory.Submission{Commands: []model.Command{c}})
		w.must(err)
		w.bodies[c.ID] = c.Fingerprint()
	}
	w.worker = ledger.NewWorker(p, o).(inventory.Consumer).Handler()
	w.at, err = w.worker.Start(ctx, w.claim)
	w.must(err)
	return w
}

func (w *handing) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// deliver packs commands into records of one SKU, and records into batches.
func (w *handing) deliver(cs []model.Command) {
	var batch []port.Record
	for len(cs) > 0 {
		n := 1
		for n < len(cs) && cs[n].SKU == cs[0].SKU && rapid.IntRange(0, 2).Draw(w.T, "same record") > 0 {
			n++
		}
		batch = append(batch, port.Record{Topic: model.CommandTopic, Offset: w.offset, Key: []byte(cs[0].SKU), Value: record(cs[:n]...)})
		w.offset++
		for _, c := range cs[:n] {
			if c.Fingerprint() == w.bodies[c.ID] {
				w.replay.settle(c)
			}
		}
		if cs = cs[n:]; len(cs) == 0 || rapid.IntRange(0, 2).Draw(w.T, "same batch") == 0 {
			var err error
			w.at, err = w.worker.Handle(w.ctx, w.claim, w.at, batch)
			w.must(err)
			batch = nil
			w.look()
		}
	}
}

// look compares every outcome with the model's and with what it was before.
func (w *handing) look() {
	read := &port.ScanCommands{Max: 1000}
	w.must(w.truth.Do(w.ctx, read))
	for _, row := range read.Rows {
		if want := w.replay.decided[row.ID]; row.Decision != want {
			w.Fatalf("%s %s: %+v, the model says %+v", row.Kind, row.ID, row.Decision, want)
		}
		if before, seen := w.outcome[row.ID]; seen && before != row.Decision {
			w.Fatalf("%s %s: %+v became %+v", row.Kind, row.ID, before, row.Decision)
		}
		if row.Decision.Decided() {
			w.outcome[row.ID] = row.Decision
		}
	}
}

// audit checks that all is decided, in one ledger row each, and that units are conserved.
func (w *handing) audit() {
	lanes, lines := &port.ScanLanes{Max: 1000}, &port.ScanLines{Max: 1000}
	rows, dead := &port.ScanLedger{Max: 1000}, &port.ReadDead{}
	w.must(w.truth.Do(w.ctx, lanes, lines, rows, dead))
	legs := map[model.ID]int{}
	for _, r := range rows.Rows {
		legs[r.Command]++
	}
	for id := range w.bodies {
		want := 0
		if w.outcome[id].Seq > 0 {
			want = 1
		}
		if !w.outcome[id].Decided() || legs[id] != want {
			w.Fatalf("command %s: decided %+v, %d ledger rows", id, w.outcome[id], legs[id])
		}
	}
	reserved, gone := map[model.LaneKey]int64{}, map[model.LaneKey]int64{}
	for _, l := range lines.Lines {
		if l != w.replay.lines[l.Command] {
			w.Fatalf("line %+v, the model says %+v", l, w.replay.lines[l.Command])
		}
		switch l.State {
		case model.LineReserved:
			reserved[l.Lane] += l.Granted
		case model.LineCommitted:
			gone[l.Lane] += l.Granted - l.Returned
		}
		if d := w.outcome[l.Command]; d.Decided() && !d.Outcome.Grants() && l.Granted != 0 {
			w.Fatalf("the rejected line %+v holds units", l)
		}
	}
	for _, l := range lanes.Lanes {
		if l.Reserved != reserved[l.Key] || l.OnHand+gone[l.Key] != w.replay.supplied[l.Key] {
			w.Fatalf("lane %+v: lines hold %d, %d are gone, %d came in", l, reserved[l.Key], gone[l.Key], w.replay.supplied[l.Key])
		}
	}
	if len(dead.Rows) > 0 {
		w.Fatalf("dead letters %+v", dead.Rows)
	}
}

// A command that comes twice in one record, or in two records of one batch, is decided once: what the
// batch itself decided is part of what it knows.
func TestOneBatchWithOneCommandTwice(t *testing.T) {
	in, want, release := restock("in", 5), reserve("o", 2), about(model.Release, "r", "o")
	for name, records := range map[string][][]model.Command{
		"in one record":                    {{in, in, want, want, release, want, release}},
		"in two records":                   {{in, want}, {in, want}, {release}, {release, in}},
		"at the end of one and in another": {{in, want, want}, {want, release, release}},
	} {
		t.Run(name, func(t *testing.T) {
			h := accepted(t, in, want, release)
			h.o.Backoff.Attempts = 20
			var batch []port.Record
			commands := int64(0)
			for i, cs := range records {
				batch = append(batch, port.Record{Topic: model.CommandTopic, Offset: int64(i), Key: []byte("A"), Value: record(cs...)})
				commands += int64(len(cs))
			}
			p, _ := h.open("worker")
			w := ledger.NewWorker(p, h.o).(inventory.Consumer).Handler()
			claim := handed{h.world.Kafka.TopicID(model.CommandTopic)}
			at, err := w.Start(h.ctx, claim)
			h.must(err)
			_, err = w.Handle(h.ctx, claim, at, batch)
			h.must(err)
			h.want("restock", say([]inventory.Answer{{Status: inventory.Decided, Decision: h.commandRow(in.ID).Decision}}), "GRANTED 5")
			h.wantLane("A", 5, 0)
			if l := h.lane("A"); l.Seq != 3 || h.ear.count("settled") != 3 || h.ear.count("duplicate") != commands-3 {
				t.Errorf("lane %+v, %s", l, h.ear)
			}
			if letters := h.letters(); len(letters) != 0 {
				t.Errorf("letters %+v", letters)
			}
			h.booksAgree()
		})
	}
}
