package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// projection installs state records into a space of the speed layer by compare-and-set: Redis itself,
// and each channel's feed. Records are absolute, so repetition and reordering change nothing.
type projection struct {
	inventory.GroupPosition
	speed   port.Speed
	runtime port.Runtime
	monitor port.Monitor
	space   string
	backoff inventory.Backoff
	dirty   []*port.InstallLane // installs whose shard was down
}

// shardAttempts is how often an install is tried before its lane is left dirty.
const shardAttempts = 4

// NewProjection is the process that keeps the speed layer.
func NewProjection(p inventory.Ports, o inventory.Options) port.Process {
	return newProjection(p, o, "ledger-projection", port.SpeedSpace)
}

// NewFeed is the process that keeps one channel's feed.
func NewFeed(channel string) func(inventory.Ports, inventory.Options) port.Process {
	return func(p inventory.Ports, o inventory.Options) port.Process {
		return newProjection(p, o, "feed-"+channel, port.FeedSpace(channel))
	}
}

func newProjection(p inventory.Ports, o inventory.Options, group, space string) port.Process {
	return inventory.Consumer{Broker: p.Broker, Runtime: p.Runtime, Monitor: p.Monitor, Group: group,
		Topic: model.StateTopic, Max: 4 * o.BatchMax, Linger: o.Linger, Backoff: o.Backoff,
		Handler: func() inventory.Handler {
			return &projection{speed: p.Speed, runtime: p.Runtime, monitor: p.Monitor, space: space, backoff: o.Backoff}
		}}
}

// Handle installs the newest state of every lane in the batch, then the newest heartbeat: an age is
// never younger than the states it speaks of.
func (p *projection) Handle(ctx context.Context, claim port.Claim, at port.Position, rs []port.Record) (port.Position, error) {
	part := claim.Partition()
	installs, beat := p.read(rs)
	left, err := p.install(ctx, append(p.dirty, installs...))
	if err != nil {
		return at, err
	}
	for _, op := range installs {
		if op.Err == nil && !op.Code.Applied() {
			p.monitor.Count("duplicate", 1)
		}
	}
	if p.dirty = left; len(left) > 0 {
		// The partition goes on without the shard that is down; the reconciler would heal its lanes,
		// and no heartbeat claims that they are fresh.
		p.monitor.Alarm(fmt.Sprintf("%s: %d lanes of partition %d are dirty", p.space, len(left), part), left[0].Err)
		return inventory.After(rs[len(rs)-1]), nil
	}
	if beat > 0 {
		if err := p.speed.Do(ctx, &port.WriteBeat{Space: p.space, Partition: part, At: beat}); err != nil {
			return at, fmt.Errorf("%s: heartbeat of partition %d: %w", p.space, part, err)
		}
	}
	return inventory.After(rs[len(rs)-1]), nil
}

// read keeps the newest state per lane, with the first from_seq so that a gap stays visible.
func (p *projection) read(rs []port.Record) (installs []*port.InstallLane, beat int64) {
	newest := make(map[model.LaneKey]*port.InstallLane)
	for _, r := range rs {
		if h, ok := model.DecodeHeartbeat(r.Value); ok {
			beat = max(beat, h.At)
			continue
		}
		s, err := model.DecodeState(r.Value)
		if err != nil {
			// A state is not a command: the next one, or the reconciler, says the same again.
			p.monitor.Count("state-refused", 1)
			p.monitor.Alarm(fmt.Sprintf("%s[%d]@%d is no state record", r.Topic, r.Partition, r.Offset), err)
			continue
		}
		op := stateInstall(p.space, s)
		last, ok := newest[s.Lane]
		switch {
		case !ok:
			installs = append(installs, op)
			newest[s.Lane] = op
		case last.Epoch == op.Epoch && last.Seq >= op.Seq, last.Epoch > op.Epoch:
			p.monitor.Count("duplicate", 1)
		default:
			if last.Epoch == op.Epoch && op.FromSeq <= last.Seq+1 {
				op.FromSeq = min(op.FromSeq, last.FromSeq)
			}
			*last = *op
		}
	}
	return installs, beat
}

// install tries ops until each is answered or its shard stays down; those are returned.
func (p *projection) install(ctx context.Context, ops []*port.InstallLane) ([]*port.InstallLane, error) {
	b := p.backoff
	b.Attempts = shardAttempts
	left := ops
	err := inventory.Retry(ctx, p.runtime, b, func() error {
		err := installAll(ctx, p.speed, p.monitor, left)
		var again []*port.InstallLane
		for _, op := range left {
			if op.Err != nil {
				again = append(again, renew(op))
			}
		}
		left = again
		return err
	})
	switch {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil || !inventory.Retryable(err):
		return nil, fmt.Errorf("%s: install %d lanes: %w", p.space, len(left), err)
	}
	for _, op := range left {
		op.Err = err
	}
	return left, nil
}

// renew is a fresh operation for another attempt: a failed one may still be read by a late request.
func renew(op *port.InstallLane) *port.InstallLane {
	c := *op
	c.Err, c.Code = nil, 0
	return &c
}

// installAll runs installs as one call and quarantines keys that hold no hash: what is there is of no
// use to anybody, and the state at hand is absolute.
func installAll(ctx context.Context, speed port.Speed, monitor port.Monitor, ops []*port.InstallLane) error {
	if len(ops) == 0 {
		return nil
	}
	batch := make([]port.SpeedOp, len(ops))
	for i, op := range ops {
		batch[i] = op
	}
	if err := speed.Do(ctx, batch...); err != nil {
		return err
	}
	for _, op := range ops {
		switch op.Code {
		case port.InstalledGap:
			monitor.Count("gap", 1)
		case port.BadArguments:
			return fmt.Errorf("install %q at %q: refused its arguments: %w", op.Lane.SKU, op.Lane.Loc, port.ErrContract)
		case port.WrongType:
			monitor.Alarm(fmt.Sprintf("quarantine %s of %q at %q", op.Space, op.Lane.SKU, op.Lane.Loc), port.ErrContract)
			if err := speed.Do(ctx, &port.RemoveLane{Space: op.Space, Lane: op.Lane}, renew(op)); err != nil {
				return err
			}
		}
	}
	return nil
}

func stateInstall(space string, s model.StateRecord) *port.InstallLane {
	return &port.InstallLane{Space: space, Lane: s.Lane, Epoch: s.Epoch, Seq: s.Seq, FromSeq: s.FromSeq,
		Avail: s.Avail, OnHand: s.OnHand, Reserved: s.Reserved, Limit: s.Limit, At: s.DecidedAt}
}

func laneInstall(space string, l model.Lane, epoch, nowMS int64) *port.InstallLane {
	return &port.InstallLane{Space: space, Lane: l.Key, Epoch: model.WireEpoch(epoch, l.Bump), Seq: l.Seq,
		Avail: l.Avail(), OnHand: l.OnHand, Reserved: l.Reserved, Limit: l.BackorderLimit, At: nowMS}
}
