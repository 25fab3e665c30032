package ledger

import (
	"context"
	"errors"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// worker settles the records of one partition of the command topic: it is the [inventory.Handler]
// whose position lives in the truth, in the transaction that decides.
type worker struct{ settler }

// NewWorker is the asynchronous decider.
func NewWorker(p inventory.Ports, o inventory.Options) port.Process {
	return inventory.Consumer{Broker: p.Broker, Runtime: p.Runtime, Monitor: p.Monitor,
		Group: "ledger-settle", Topic: model.CommandTopic, Max: o.BatchMax, Linger: o.Linger,
		Handler: func() inventory.Handler { return &worker{newSettler(p, o)} }, Backoff: o.Backoff}
}

func newSettler(p inventory.Ports, o inventory.Options) settler {
	return settler{truth: p.Truth, runtime: p.Runtime, monitor: p.Monitor, partitions: o.Partitions,
		keepOutbox: o.Relay, standby: o.Standby, backoff: o.Backoff}
}

// Start reads the position from the truth; the group's offset is only a hint.
func (w *worker) Start(ctx context.Context, claim port.Claim) (port.Position, error) {
	read := &port.ReadProgress{Topic: claim.TopicID(), Part: claim.Partition()}
	err := w.truth.Do(ctx, &port.CreateProgress{Topic: claim.TopicID(), Part: claim.Partition(), LeaderEpoch: -1}, read)
	if err != nil {
		return port.Position{}, fmt.Errorf("read progress of %s[%d]: %w", claim.Topic(), claim.Partition(), err)
	}
	return port.Position{Offset: read.NextOffset, LeaderEpoch: read.LeaderEpoch}, nil
}

// Lost follows the broker: what was cut off or has expired cannot be read any more. Commands among it
// are still undecided in the truth, and the sweeper sends them again. The epoch is not the new leader's:
// what the log still holds was written under older ones, and would be fenced.
func (w *worker) Lost(ctx context.Context, claim port.Claim, at port.Position, gone *port.OutOfRangeError) (port.Position, error) {
	reset := &port.ResetProgress{Topic: claim.TopicID(), Part: claim.Partition(), From: at.Offset,
		FromEpoch: at.LeaderEpoch, To: gone.Earliest, LeaderEpoch: -1}
	if err := w.truth.Do(ctx, reset); err != nil {
		return at, fmt.Errorf("reset progress of %s[%d]: %w", claim.Topic(), claim.Partition(), err)
	}
	if !reset.Moved {
		return at, fmt.Errorf("reset progress of %s[%d]: moved by somebody else: %w",
			claim.Topic(), claim.Partition(), port.ErrFenced)
	}
	return port.Position{Offset: gone.Earliest, LeaderEpoch: -1}, nil
}

// batch is what one settle transaction decides: whole records, in log order.
type batch struct {
	topic   model.ID
	part    int32
	from    int64
	to      port.Position
	at      int64 // timestamp of the last record
	entries []entry
}

// entry is one command of a record, or the record itself where it could not be read (index -1).
type entry struct {
	model.CommandItem
	record      *port.Record
	index       int32
	intakeEpoch int64
	intakeXID   int64
}

// Handle decides a batch. A command that the truth refuses for ever is found by bisection and becomes
// a dead letter; the rest of its record goes on.
func (w *worker) Handle(ctx context.Context, claim port.Claim, at port.Position, rs []port.Record) (port.Position, error) {
	b := batch{topic: claim.TopicID(), part: claim.Partition(), from: at.Offset,
		to: inventory.After(rs[len(rs)-1]), at: rs[len(rs)-1].At, entries: entries(rs)}
	doing := inventory.Paused(claim)
	for {
		err := w.retry(ctx, doing, func() error { return w.attempt(ctx, b, len(b.entries), true) })
		if !errors.Is(err, port.ErrContract) {
			return b.to, err
		}
		i, found := w.culprit(ctx, doing, b)
		if !found {
			return b.to, err
		}
		w.monitor.Alarm(fmt.Sprintf("command %s of %s[%d]@%d is refused by the truth", b.entries[i].ID,
			claim.Topic(), claim.Partition(), b.entries[i].record.Offset), err)
		b.entries[i].Err = err
	}
}

// attempt runs the settle transaction over the first n entries; unless keep is set it goes up to the
// COMMIT and rolls back.
func (w *worker) attempt(ctx context.Context, b batch, n int, keep bool) error {
	tx := w.truth.Begin()
	defer tx.Rollback(ctx)
	var commands []model.Command
	for _, e := range b.entries[:n] {
		if e.Err == nil {
			commands = append(commands, e.Command)
		} else if !e.ID.IsZero() {
			// Not decided, but its row tells whether it still could be, and marks are read for it.
			commands = append(commands, model.Command{ID: e.ID, Ref: e.Ref})
		}
	}
	f, err := w.open(ctx, tx, reading{commands: commands, progress: &port.AdvanceProgress{Topic: b.topic,
		Part: b.part, LeaderEpoch: b.to.LeaderEpoch, From: b.from, To: b.to.Offset, SettledAt: b.at}})
	if err != nil {
		return err
	}
	void, err := w.absent(ctx, tx, f, b.entries[:n])
	if err != nil {
		return err
	}
	for i := range b.entries[:n] {
		w.settle(f, b, &b.entries[i], void)
	}
	if !keep {
		return tx.Do(ctx, f.writes(w.keepOutbox)...)
	}
	if err := w.commit(ctx, tx, f); err != nil {
		return err
	}
	w.monitor.Count("settled", int64(len(f.decided)))
	w.report(f)
	return nil
}

// report tells operators of what was absorbed, refused and filed, once it is so: an attempt that is run
// again would tell it again.
func (w *worker) report(f *fold) {
	for _, e := range f.strangers {
		w.monitor.Alarm(fmt.Sprintf("command %s of %s[%d]@%d is known with another body: nothing of it is done", e.ID,
			e.record.Topic, e.record.Partition, e.record.Offset), port.ErrContract)
	}
	for _, n := range [...]struct {
		name string
		n    int
	}{{"duplicate", f.repeated}, {"mismatch", len(f.strangers)}, {"dead-letter", len(f.dead)}} {
		if n.n > 0 {
			w.monitor.Count(n.name, int64(n.n))
		}
	}
}

// settle decides one entry, or files its letter.
func (w *worker) settle(f *fold, b batch, e *entry, void map[model.ID]port.DeadClass) {
	row, known := f.known[e.ID]
	switch {
	case e.Err != nil && known && row.Decision.Decided():
		w.letter(f, b, e, port.DeadContract, e.Err, model.ID{}) // nothing left to park
	case e.Err != nil && e.ID.IsZero():
		w.letter(f, b, e, port.DeadUndecodable, e.Err, model.ID{})
	case e.Err != nil:
		w.letter(f, b, e, port.DeadContract, e.Err, chain(e.ID, e.Ref))
	case !known && void[e.ID] == port.DeadVoid:
		w.letter(f, b, e, port.DeadVoid,
			fmt.Errorf("accepted under epoch %d, which is over", e.intakeEpoch), model.ID{})
	case !known:
		w.letter(f, b, e, port.DeadContract, errors.New("nobody accepted this command"), chain(e.ID, e.Ref))
	case row.Fingerprint != e.Command.Fingerprint(): // decided or not: no duplicate has another body
		f.strangers = append(f.strangers, e)
	case row.Decision.Decided():
		f.repeated++
	case f.marks[chain(e.ID, e.Ref)]:
		w.letter(f, b, e, port.DeadParked, errors.New("parked behind an open dead letter"), chain(e.ID, e.Ref))
	default:
		f.decide(e.Command)
	}
}

// letter files one dead letter and, from here on, parks what is about the same line.
func (w *worker) letter(f *fold, b batch, e *entry, class port.DeadClass, why error, parks model.ID) {
	d := port.DeadRow{Topic: b.topic, Part: b.part, LeaderEpoch: e.record.LeaderEpoch,
		Offset: e.record.Offset, Index: e.index, Command: e.ID, Chain: parks,
		Parked: class == port.DeadParked, Class: class, Key: e.record.Key,
		Headers: inventory.HeadersJSON(e.record.Headers), Raw: e.Raw, Err: inventory.ErrorText(why),
		State: port.DeadOpen}
	if e.Command.Kind != 0 && e.Command.Validate() == nil {
		d.Lane, d.HasLane = e.Command.Lane(), true
	}
	if !parks.IsZero() {
		f.marks[parks] = true
	}
	f.dead = append(f.dead, d)
}

// absent looks again for ids whose row is not there. A connector may read a commit before it is
// visible, so a row that may still appear is waited for; a row that never will makes its command void
// if a failover lost it, and a contract violation if nobody ever accepted it.
func (w *worker) absent(ctx context.Context, tx port.Tx, f *fold, es []entry) (map[model.ID]port.DeadClass, error) {
	var ids []model.ID
	var looks []port.Statement
	seen := make(map[[2]int64]*port.IntakeVisible)
	for _, e := range es {
		if _, ok := f.known[e.ID]; ok || e.Err != nil {
			continue
		}
		ids = append(ids, e.ID)
		key := [2]int64{e.intakeEpoch, e.intakeXID}
		if seen[key] == nil {
			seen[key] = &port.IntakeVisible{IntakeEpoch: e.intakeEpoch, XID: e.intakeXID}
			looks = append(looks, seen[key])
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	again := &port.KnownCommands{IDs: sortedIDs(ids)}
	if err := tx.Do(ctx, append(looks, again)...); err != nil {
		return nil, fmt.Errorf("settle: look for %d absent commands: %w", len(ids), err)
	}
	f.learn(again.Rows)
	class := make(map[model.ID]port.DeadClass, len(ids))
	for _, e := range es {
		if _, ok := f.known[e.ID]; ok || e.Err != nil {
			continue
		}
		look := seen[[2]int64{e.intakeEpoch, e.intakeXID}]
		if look.InProgress {
			return nil, fmt.Errorf("settle: command %s: its intake, transaction %d, is not visible yet: %w",
				e.ID, e.intakeXID, port.ErrUnavailable)
		}
		class[e.ID] = port.DeadContract
		if !look.Current {
			class[e.ID] = port.DeadVoid
		}
	}
	return class, nil
}

// culprit finds the first entry whose presence makes the transaction fail for good, by running it
// over prefixes without committing.
func (w *worker) culprit(ctx context.Context, doing string, b batch) (int, bool) {
	refused := func(n int) bool {
		return errors.Is(w.retry(ctx, doing, func() error { return w.attempt(ctx, b, n, false) }), port.ErrContract)
	}
	low, high := 0, len(b.entries) // prefixes of low entries pass, of high entries are refused
	if !refused(high) {
		return 0, false
	}
	for high-low > 1 {
		if mid := (low + high) / 2; refused(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high - 1, b.entries[high-1].Err == nil
}

// entries are the commands of records, in log order.
func entries(rs []port.Record) []entry {
	var es []entry
	for i := range rs {
		r := &rs[i]
		if r.Value == nil {
			es = append(es, entry{record: r, index: -1,
				CommandItem: model.CommandItem{Err: model.Contractf("value", "is null: a tombstone is no command")}})
			continue
		}
		rec, items, err := model.DecodeCommandRecord(r.Value)
		if err != nil {
			es = append(es, entry{record: r, index: -1, CommandItem: model.CommandItem{Err: err, Raw: r.Value}})
			continue
		}
		for j, item := range items {
			if item.Err == nil && string(r.Key) != string(item.Command.SKU) {
				item.Err = model.Contractf("key", "the record of SKU %q has key %q", item.Command.SKU, r.Key)
			}
			if item.Err == nil {
				item.ID, item.Ref = item.Command.ID, item.Command.Ref
			}
			es = append(es, entry{CommandItem: item, record: r, index: int32(j),
				intakeEpoch: rec.IntakeEpoch, intakeXID: rec.IntakeXID})
		}
	}
	return es
}
