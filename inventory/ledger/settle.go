package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// settler opens and closes the one transaction in which commands are decided.
type settler struct {
	truth      port.Truth
	runtime    port.Runtime
	monitor    port.Monitor
	partitions int32
	keepOutbox bool
	standby    bool
	backoff    inventory.Backoff
}

// conflictAttempts is how often a transaction is run again before a conflict on an identity is taken
// for the fault of one of its commands.
const conflictAttempts = 5

// reading is what one settle transaction is about.
type reading struct {
	progress *port.AdvanceProgress // asynchronous: the position it moves
	commands []model.Command
	orders   []model.ID
	// fresh: what the commands reserve is taken to be new. Its lines are not looked for; where one is there,
	// its key refuses the second.
	fresh bool
	told  bool // synchronous: the answer carries the decision
}

// lines are the commands whose lines are read.
func (r reading) lines(ids []model.ID) []model.ID {
	if !r.fresh {
		return ids
	}
	var refs []model.ID
	for _, c := range r.commands {
		if !c.Ref.IsZero() {
			refs = append(refs, c.Ref)
		}
	}
	return sortedIDs(refs)
}

// open makes the first round trip: gate, progress, missing lanes, lane locks, and behind them, each a
// statement of its own, what is known of every id and ref. READ COMMITTED takes a snapshot per
// statement: what is read before the locks, or with them, may be older than the lane.
func (s *settler) open(ctx context.Context, tx port.Tx, r reading) (*fold, error) {
	create, lanes, ids, chains := keys(r.commands)
	epoch, again := &port.CheckEpoch{}, &port.CheckEpoch{}
	lock := &port.LockLanes{Lanes: lanes}
	known := &port.KnownCommands{IDs: ids}
	lines := &port.ReadLines{Commands: r.lines(ids)}
	orders := &port.KnownOrders{IDs: sortedIDs(r.orders)}
	marks := &port.ReadMarks{Chains: chains}

	batch := []port.Statement{epoch}
	if r.progress != nil {
		batch = append(batch, r.progress)
	}
	if len(create) > 0 {
		batch = append(batch, &port.CreateLanes{Lanes: create})
	}
	batch = append(batch, lock, known)
	if len(lines.Commands) > 0 {
		batch = append(batch, lines)
	}
	if len(r.orders) > 0 {
		batch = append(batch, orders)
	}
	batch = append(batch, marks, again)
	if err := tx.Do(ctx, batch...); err != nil {
		return nil, fmt.Errorf("settle: lock %d lanes for %d commands: %w", len(lanes), len(r.commands), err)
	}
	if !epoch.Open || !again.Open {
		return nil, fmt.Errorf("settle: this server may not write: %w", port.ErrUnavailable)
	}
	if r.progress != nil && !r.progress.Moved {
		return nil, fmt.Errorf("settle: position %d of partition %d was moved by somebody else: %w",
			r.progress.From, r.progress.Part, port.ErrFenced)
	}
	n := len(r.commands)
	f := &fold{epoch: again.Epoch, nowMS: again.NowMS, partitions: s.partitions, told: r.told,
		ledger:    make([]port.LedgerRow, 0, n),
		lineIDs:   make([]model.ID, 0, n),
		lanes:     make(map[model.LaneKey]*lane, len(lanes)),
		lines:     make(map[model.ID]*line, len(ids)),
		known:     make(map[model.ID]*port.CommandRow, len(ids)),
		orders:    make(map[model.ID]port.OrderRow, n),
		marks:     make(map[model.ID]bool),
		decisions: make(map[model.ID][]model.DecisionEntry)}
	if !r.told {
		f.decisionK = make([]model.ID, 0, n)
		f.decisions = make(map[model.ID][]model.DecisionEntry, n)
	}
	for _, l := range lock.Found {
		f.lanes[l.Key] = &lane{Lane: l, before: l.Seq}
	}
	for _, l := range lines.Lines {
		f.lines[l.Command] = &line{Line: l, stored: true}
	}
	f.place(orders.Rows)
	for _, c := range marks.Open {
		f.marks[c] = true
	}
	f.learn(known.Rows)
	return f, nil
}

func (f *fold) learn(rows []port.CommandRow) {
	for i := range rows {
		f.known[rows[i].ID] = &rows[i]
	}
}

func (f *fold) place(rows []port.OrderRow) {
	for _, row := range rows {
		f.orders[row.ID] = row
	}
}

// commit makes the second round trip.
func (s *settler) commit(ctx context.Context, tx port.Tx, f *fold, more ...port.Statement) error {
	batch := append(f.writes(s.keepOutbox), more...)
	if len(batch) == 0 && s.standby {
		batch = append(batch, &port.Barrier{})
	}
	if err := tx.Commit(ctx, batch...); err != nil {
		return fmt.Errorf("settle: commit %d decisions: %w", len(f.decided)+len(f.accepted), err)
	}
	return nil
}

// retry runs one transaction until it commits or fails for good. A lost COMMIT is run again like
// anything else: its locks wait for one that is still running, and what it left then answers. While the
// truth stays away, doing is what alarms say.
func (s *settler) retry(ctx context.Context, doing string, do func() error) error {
	conflicts := 0
	return inventory.Retry(ctx, s.runtime, s.backoff.Alarming(s.monitor, doing), func() error {
		err := do()
		var c *port.ConstraintError
		if errors.As(err, &c) && c.Class == port.ErrConflict {
			if conflicts++; conflicts >= conflictAttempts {
				return stubborn{err}
			}
		}
		return err
	})
}

// stubborn is a conflict that came back too often to be anybody else's: it is not tried again.
type stubborn struct{ err error }

func (s stubborn) Error() string { return "again and again: " + s.err.Error() }

// Is makes it a contract violation.
func (s stubborn) Is(target error) bool { return target == port.ErrContract }

// keys are the lanes that may be created, all lanes, all ids and refs, and all chains of commands,
// each sorted and without repetition: the one order in which every transaction takes its locks.
func keys(cs []model.Command) (create, lanes []model.LaneKey, ids, chains []model.ID) {
	ids, chains = make([]model.ID, 0, len(cs)), make([]model.ID, 0, len(cs))
	refs := false
	for _, c := range cs {
		if n := len(lanes); n == 0 || lanes[n-1] != c.Lane() { // nearly always one hot lane
			lanes = append(lanes, c.Lane())
		}
		if c.Kind.CreatesLane() {
			create = append(create, c.Lane())
		}
		if c.Kind == model.Transfer {
			lanes, create = append(lanes, c.ToLane()), append(create, c.ToLane())
		}
		ids = append(ids, c.ID)
		if !c.Ref.IsZero() {
			ids, refs = append(ids, c.Ref), true
		}
		chains = append(chains, chain(c.ID, c.Ref))
	}
	ids = sortedIDs(ids)
	if !refs { // each is its own chain
		return sortedLanes(create), sortedLanes(lanes), ids, ids
	}
	return sortedLanes(create), sortedLanes(lanes), ids, sortedIDs(chains)
}

func sortedLanes(ks []model.LaneKey) []model.LaneKey {
	slices.SortFunc(ks, model.LaneKey.Compare)
	return slices.Compact(ks)
}

func sortedIDs(ids []model.ID) []model.ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, model.ID.Compare)
	return slices.Compact(ids)
}
