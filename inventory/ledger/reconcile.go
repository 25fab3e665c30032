package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// reconciler holds the speed layer against the truth, lane by lane: value and sequence come from one
// row, and installing them is the same compare-and-set as everybody's.
type reconciler struct {
	truth   port.Truth
	speed   port.Speed
	monitor port.Monitor
	spaces  []string
	scanMax int
	emit    bool // send every lane's state through the outbox too: after a lost slot or topic
	keep    bool
}

func newReconciler(p inventory.Ports, o inventory.Options) *reconciler {
	r := &reconciler{truth: p.Truth, speed: p.Speed, monitor: p.Monitor, scanMax: o.ScanMax, keep: o.Relay,
		spaces: []string{port.SpeedSpace}}
	for _, c := range o.Channels {
		r.spaces = append(r.spaces, port.FeedSpace(c))
	}
	return r
}

// NewReconciler scans all lanes once a period.
func NewReconciler(p inventory.Ports, o inventory.Options) port.Process {
	return inventory.Every{Name: "reconcile", Period: o.ReconcilePeriod, Runtime: p.Runtime, Monitor: p.Monitor,
		Round: newReconciler(p, o).Scan}
}

// NewBootstrap scans all lanes when it starts, and again whenever a shard has another replication id
// than before: its master restarted or failed over, and may have gone back. Live records interleave.
func NewBootstrap(p inventory.Ports, o inventory.Options) port.Process {
	b := &bootstrap{reconciler: newReconciler(p, o)}
	return inventory.Every{Name: "bootstrap", Period: o.BeatPeriod, Runtime: p.Runtime, Monitor: p.Monitor,
		Round: b.round}
}

type bootstrap struct {
	*reconciler
	probes  []model.LaneKey // lanes spread over the shards
	replIDs []string
}

// shardProbes is how many lanes are asked for their shard's replication id.
const shardProbes = 16

func (b *bootstrap) round(ctx context.Context) error {
	ids, err := b.replication(ctx)
	if err != nil {
		return err
	}
	same := len(ids) == len(b.replIDs) && len(ids) > 0
	for i := range ids {
		same = same && ids[i] == b.replIDs[i]
	}
	if same {
		return nil
	}
	first := &port.ScanLanes{Max: shardProbes}
	if err := b.truth.Do(ctx, first); err != nil {
		return fmt.Errorf("bootstrap: scan: %w", err)
	}
	b.probes = nil
	for _, l := range first.Lanes {
		b.probes = append(b.probes, l.Key)
	}
	// Before the scan: a master that forgets meanwhile has another id in the next round.
	if ids, err = b.replication(ctx); err != nil {
		return err
	}
	if err := b.Scan(ctx); err != nil {
		return err
	}
	b.replIDs = ids
	b.monitor.Count("bootstrap", 1)
	return nil
}

func (b *bootstrap) replication(ctx context.Context) ([]string, error) {
	if len(b.probes) == 0 {
		return nil, nil
	}
	ops := make([]port.SpeedOp, len(b.probes))
	for i, k := range b.probes {
		ops[i] = &port.ReadReplication{Lane: k}
	}
	if err := b.speed.Do(ctx, ops...); err != nil {
		return nil, fmt.Errorf("bootstrap: read replication ids: %w", err)
	}
	ids := make([]string, len(ops))
	for i, op := range ops {
		ids[i] = op.(*port.ReadReplication).ReplID
	}
	return ids, nil
}

// Scan reconciles every lane once, in chunks.
func (r *reconciler) Scan(ctx context.Context) error {
	var after *model.LaneKey
	for {
		epoch := &port.ReadEpoch{}
		chunk := &port.ScanLanes{After: after, Max: r.scanMax}
		if err := r.truth.Do(ctx, epoch, chunk); err != nil {
			return fmt.Errorf("reconcile: scan lanes: %w", err)
		}
		if len(chunk.Lanes) == 0 {
			return nil
		}
		for _, space := range r.spaces {
			if err := r.compare(ctx, space, chunk.Lanes, epoch); err != nil {
				return err
			}
		}
		if r.emit {
			if err := r.emitStates(ctx, chunk.Lanes); err != nil {
				return err
			}
		}
		after = &chunk.Lanes[len(chunk.Lanes)-1].Key
	}
}

func (r *reconciler) compare(ctx context.Context, space string, lanes []model.Lane, epoch *port.ReadEpoch) error {
	var ops []*port.InstallLane
	for _, l := range lanes {
		if l.Known() {
			ops = append(ops, laneInstall(space, l, epoch.Epoch, epoch.NowMS))
		}
	}
	if err := installAll(ctx, r.speed, r.monitor, ops); err != nil {
		return fmt.Errorf("reconcile %s: %w", space, err)
	}
	for _, op := range ops {
		var err error
		switch {
		case op.Code.Applied():
			r.monitor.Count("reconciled", 1)
		case op.StoredEpoch == op.Epoch && op.StoredSeq > op.Seq, op.StoredEpoch > op.Epoch:
			err = r.ahead(ctx, op)
		case op.StoredEpoch == op.Epoch && op.StoredSeq == op.Seq && op.StoredAvail != op.Avail:
			err = r.quarantine(ctx, op)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ahead looks again: the lane moved on between the scan and the install, unless it still lags.
func (r *reconciler) ahead(ctx context.Context, op *port.InstallLane) error {
	epoch := &port.ReadEpoch{}
	again := &port.ReadLanes{Lanes: []model.LaneKey{op.Lane}, Share: true}
	if err := r.truth.Do(ctx, epoch, again); err != nil {
		return fmt.Errorf("reconcile: read lane %q again: %w", op.Lane.SKU, err)
	}
	if len(again.Found) == 1 {
		l := again.Found[0]
		if wire := model.WireEpoch(epoch.Epoch, l.Bump); wire > op.StoredEpoch || wire == op.StoredEpoch && l.Seq >= op.StoredSeq {
			return nil
		}
	}
	r.monitor.Alarm(fmt.Sprintf("%s of %q at %q is ahead of the truth: seq %d", op.Space, op.Lane.SKU,
		op.Lane.Loc, op.StoredSeq), port.ErrContract)
	return nil
}

// quarantine is for a stored value that contradicts the truth at the same sequence number: the lane's
// epoch is raised, so that what is stored loses to every record from now on.
func (r *reconciler) quarantine(ctx context.Context, op *port.InstallLane) error {
	r.monitor.Alarm(fmt.Sprintf("%s of %q at %q says %d where the truth says %d, seq %d: quarantined",
		op.Space, op.Lane.SKU, op.Lane.Loc, op.StoredAvail, op.Avail, op.Seq), port.ErrContract)
	tx := r.truth.Begin()
	defer tx.Rollback(ctx)
	gate := &port.CheckEpoch{}
	lock := &port.LockLanes{Lanes: []model.LaneKey{op.Lane}}
	bump := &port.BumpLane{Lane: op.Lane}
	read := &port.ReadLanes{Lanes: []model.LaneKey{op.Lane}}
	if err := tx.Do(ctx, gate, lock, bump, read); err != nil {
		return fmt.Errorf("reconcile: bump lane %q: %w", op.Lane.SKU, err)
	}
	if !gate.Open {
		return fmt.Errorf("reconcile: this server may not write: %w", port.ErrUnavailable)
	}
	l := read.Found[0]
	// Through the outbox too: the feeds must learn the new epoch.
	rows := []port.OutboxRow{stateRow(l, gate.Epoch, 0, nil, gate.NowMS)}
	if err := tx.Commit(ctx, outbox(rows, r.keep)...); err != nil {
		return fmt.Errorf("reconcile: bump lane %q: %w", op.Lane.SKU, err)
	}
	return installAll(ctx, r.speed, r.monitor,
		[]*port.InstallLane{laneInstall(op.Space, l, gate.Epoch, gate.NowMS)})
}

// emitStates sends states through the outbox, each under a share lock so that it is not behind a
// state which a running transaction is about to send.
func (r *reconciler) emitStates(ctx context.Context, lanes []model.Lane) error {
	keys := make([]model.LaneKey, len(lanes))
	for i, l := range lanes {
		keys[i] = l.Key
	}
	tx := r.truth.Begin()
	defer tx.Rollback(ctx)
	gate, read := &port.CheckEpoch{}, &port.ReadLanes{Lanes: keys, Share: true}
	if err := tx.Do(ctx, gate, read); err != nil {
		return fmt.Errorf("reconcile: read %d lanes: %w", len(keys), err)
	}
	if !gate.Open {
		return fmt.Errorf("reconcile: this server may not write: %w", port.ErrUnavailable)
	}
	var rows []port.OutboxRow
	for _, l := range read.Found {
		if l.Known() {
			rows = append(rows, stateRow(l, gate.Epoch, 0, nil, gate.NowMS))
		}
	}
	if err := tx.Commit(ctx, outbox(rows, r.keep)...); err != nil {
		return fmt.Errorf("reconcile: emit %d states: %w", len(rows), err)
	}
	return nil
}
