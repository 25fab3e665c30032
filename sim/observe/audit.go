package observe

import (
	"context"
	"fmt"
	"slices"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// auditPage is how many rows one statement of an audit reads.
const auditPage = 2000

// Audit reads the state of everything: the truth's books, the speed layer and the feeds.
func Audit(ctx context.Context, p inventory.Ports, d inventory.Design, o inventory.Options) (checks.Audit, error) {
	switch d.Books {
	case inventory.LedgerBooks:
		return auditLedger(ctx, p, o)
	case inventory.RowLockBooks:
		return auditRowLock(ctx, p)
	}
	return auditShop(ctx, p, d, o)
}

// auditTries is how often an audit begins anew because a lane moved while it was read.
const auditTries = 10

// auditLedger reads the books page by page; they are one cut if no lane has moved meanwhile.
func auditLedger(ctx context.Context, p inventory.Ports, o inventory.Options) (a checks.Audit, err error) {
	for range auditTries {
		a = checks.Audit{}
		if a.Lanes, err = auditLanes(ctx, p.Truth); err != nil {
			return a, err
		}
		if err := auditRows(ctx, p.Truth, &a); err != nil {
			return a, err
		}
		again, err := auditLanes(ctx, p.Truth)
		if err != nil {
			return a, err
		}
		if slices.Equal(a.Lanes, again) {
			break
		}
	}
	var keys []model.LaneKey
	for _, l := range a.Lanes {
		if l.Known() {
			keys = append(keys, l.Key)
		}
	}
	if a.Speed, err = shown(ctx, p.Speed, port.SpeedSpace, keys); err != nil {
		return a, err
	}
	a.SpeedRead = true
	for _, c := range o.Channels {
		rows, err := shown(ctx, p.Speed, port.FeedSpace(c), keys)
		if err != nil {
			return a, err
		}
		a.Feeds = append(a.Feeds, checks.Feed{Channel: c, Rows: rows})
	}
	return a, nil
}

// auditLanes reads all lanes with their wire epochs.
func auditLanes(ctx context.Context, truth port.Truth) (all []checks.Lane, err error) {
	epoch := &port.ReadEpoch{}
	if err := truth.Do(ctx, epoch); err != nil {
		return nil, fmt.Errorf("audit: read the epoch: %w", err)
	}
	lanes := &port.ScanLanes{Max: auditPage}
	err = pages(ctx, truth, func() (port.Statement, func() int) {
		return lanes, func() int {
			for _, l := range lanes.Lanes {
				all = append(all, checks.Lane{Lane: l, Epoch: model.WireEpoch(epoch.Epoch, l.Bump)})
			}
			n := len(lanes.Lanes)
			if n > 0 {
				lanes = &port.ScanLanes{After: &lanes.Lanes[n-1].Key, Max: auditPage}
			}
			return n
		}
	})
	return all, err
}

// auditRows reads ledger, commands, lines and dead letters.
func auditRows(ctx context.Context, truth port.Truth, a *checks.Audit) error {
	ledger := &port.ScanLedger{Max: auditPage}
	commands := &port.ScanCommands{Max: auditPage}
	lines := &port.ScanLines{Max: auditPage}
	var bad error
	err := pages(ctx, truth, func() (port.Statement, func() int) {
		return ledger, func() int {
			for _, r := range ledger.Rows {
				a.Ledger = append(a.Ledger, checks.LedgerRow(r))
			}
			n := len(ledger.Rows)
			if n > 0 {
				last := ledger.Rows[n-1]
				ledger = &port.ScanLedger{After: &last.Lane, AfterSeq: last.Seq, Max: auditPage}
			}
			return n
		}
	})
	if err != nil {
		return err
	}
	err = pages(ctx, truth, func() (port.Statement, func() int) {
		return commands, func() int {
			for _, r := range commands.Rows {
				c, err := model.DecodeCommand(r.Body)
				if err != nil {
					bad = fmt.Errorf("audit: stored body of command %s: %w", r.ID, err)
				}
				a.Commands = append(a.Commands, checks.CommandRow{Command: c, Decision: r.Decision})
			}
			n := len(commands.Rows)
			if n > 0 {
				commands = &port.ScanCommands{After: commands.Rows[n-1].ID, Max: auditPage}
			}
			return n
		}
	})
	if err != nil || bad != nil {
		return errorsFirst(err, bad)
	}
	err = pages(ctx, truth, func() (port.Statement, func() int) {
		return lines, func() int {
			a.Lines = append(a.Lines, lines.Lines...)
			n := len(lines.Lines)
			if n > 0 {
				lines = &port.ScanLines{After: lines.Lines[n-1].Command, Max: auditPage}
			}
			return n
		}
	})
	if err != nil {
		return err
	}
	dead := &port.ReadDead{}
	if err := truth.Do(ctx, dead); err != nil {
		return fmt.Errorf("audit: read dead letters: %w", err)
	}
	accepted := map[model.ID]model.Command{}
	for i := range a.Commands {
		accepted[a.Commands[i].ID] = a.Commands[i].Command
	}
	for _, d := range dead.Rows {
		l := checks.DeadLetter{Record: checks.Record{Topic: model.CommandTopic, Part: d.Part, LeaderEpoch: d.LeaderEpoch, Offset: d.Offset},
			Class: string(d.Class), Redriven: d.State == port.DeadRedriven}
		if !faultless(d, accepted) {
			l.Command, l.Parks = d.Command, parked(d)
		}
		a.Dead = append(a.Dead, l)
	}
	return nil
}

// faultless reports whether a letter says that something was wrong with a command, and nothing was: it reads as the
// command that was accepted, under the key of its lane. Such a letter is no answer to it.
func faultless(d port.DeadRow, accepted map[model.ID]model.Command) bool {
	if d.Class != port.DeadUndecodable && d.Class != port.DeadContract {
		return false
	}
	c, err := model.DecodeCommand(d.Raw)
	was, ok := accepted[c.ID]
	return err == nil && ok && was.Fingerprint() == c.Fingerprint() && string(d.Key) == string(c.SKU)
}

// parked is the chain that a letter holds.
func parked(d port.DeadRow) model.ID {
	if d.State != port.DeadOpen || d.Class == port.DeadVoid {
		return model.ID{}
	}
	return d.Chain
}

func errorsFirst(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// pages runs a statement until its page is not full; next gives a fresh one and what to do with it.
func pages(ctx context.Context, truth port.Truth, next func() (port.Statement, func() int)) error {
	for {
		st, take := next()
		if err := truth.Do(ctx, st); err != nil {
			return fmt.Errorf("audit: %T: %w", st, err)
		}
		if take() < auditPage {
			return nil
		}
	}
}

// shown reads what a space shows of lanes.
func shown(ctx context.Context, speed port.Speed, space string, keys []model.LaneKey) ([]checks.Shown, error) {
	rows := make([]checks.Shown, 0, len(keys))
	for len(keys) > 0 {
		n := min(len(keys), auditPage)
		ops := make([]port.SpeedOp, n)
		for i, k := range keys[:n] {
			ops[i] = &port.ReadLane{Space: space, Lane: k}
		}
		if err := readable(speed.Do(ctx, ops...), ops); err != nil {
			return nil, fmt.Errorf("audit: read %s: %w", space, err)
		}
		for _, op := range ops {
			r := op.(*port.ReadLane)
			rows = append(rows, checks.Shown{Lane: r.Lane, Found: r.Found && r.Err == nil, Epoch: r.Epoch, Seq: r.Seq, Avail: r.Avail})
		}
		keys = keys[n:]
	}
	return rows, nil
}

// readable is the error of a look at the speed layer, but for values that are none of ours: an audit reports
// what such a key shows, which is nothing, and it is for the checkers to say what that means.
func readable(err error, ops []port.SpeedOp) error {
	if err == nil || port.Class(err) != port.ErrContract {
		return err
	}
	for _, op := range ops {
		if e := op.SpeedOp().Err; e != nil && port.Class(e) != port.ErrContract {
			return e
		}
	}
	return nil
}

// Quiet reports whether nothing is going on any more: every accepted command that is no dead letter, nor
// parked behind one, is decided, no all-or-nothing order with a rejected line holds another, and every read model shows the
// truth.
func Quiet(a checks.Audit) bool { return Unrest(a) == 0 }

// Unrest counts what keeps an audit from being quiet: undecided commands, lines that their order is
// about to give back, and rows of read models that are missing or show something else than the truth.
func Unrest(a checks.Audit) (n int) {
	dead, parks := make(map[model.ID]bool), make(map[model.ID]bool)
	for _, d := range a.Dead {
		dead[d.Command] = !d.Redriven
		if !d.Parks.IsZero() {
			parks[d.Parks] = true
		}
	}
	for _, c := range a.Commands {
		if !c.Decision.Decided() && !dead[c.ID] && !parks[c.ID] && !parks[c.Ref] {
			n++
		}
	}
	n += broken(a, dead)
	type level struct{ seq, avail int64 }
	truth := make(map[model.LaneKey]level)
	for _, l := range a.Lanes {
		truth[l.Key] = level{l.Seq, l.Avail()}
	}
	for _, s := range a.Stock {
		truth[model.LaneKey{SKU: s.SKU, Loc: model.MainLocation}] = level{0, s.Stock}
	}
	models := [][]checks.Shown{a.Speed}
	for _, f := range a.Feeds {
		models = append(models, f.Rows)
	}
	for _, rows := range models {
		for _, r := range rows {
			if !r.Found || (level{r.Seq, r.Avail}) != truth[r.Lane] {
				n++
			}
		}
	}
	return n
}

// broken counts the lines still reserved of all-or-nothing orders that have a rejected one: a
// coordinator gives them back. A line whose RELEASE is a dead letter waits for an operator instead.
func broken(a checks.Audit, dead map[model.ID]bool) (n int) {
	lost, parked := make(map[model.ID]bool), make(map[model.ID]bool)
	for _, c := range a.Commands {
		if c.Kind == model.Reserve && c.Policy == model.AllOrNothing && c.Decision.Decided() && !c.Decision.Outcome.Grants() {
			lost[c.OrderID] = true
		}
		if dead[c.ID] && !c.Ref.IsZero() {
			parked[c.Ref] = true
		}
	}
	for _, l := range a.Lines {
		if l.State == model.LineReserved && lost[l.OrderID] && !parked[l.Command] {
			n++
		}
	}
	return n
}

// Claims are a design's claims as the checkers name them.
func Claims(d inventory.Design) []checks.Guarantee {
	claims := make([]checks.Guarantee, len(d.Claims))
	for i, c := range d.Claims {
		claims[i] = checks.Guarantee(c)
	}
	return claims
}
