package clients

import (
	"cmp"
	"context"
	"slices"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/workload"
)

// placed is an order that was submitted. Its fields belong to the client that carries out the step of
// the order, and then to those whose steps wait for that one.
type placed struct {
	order inventory.Order
	*pending
	lines []*soldLine
}

// soldLine is an order line and what became of it.
type soldLine struct {
	step      int // place of its order in the workload
	answer    *inventory.Answer
	number    int32
	cancelled bool
	committed bool
	returned  int64
}

// granted is the units that the line holds or held.
func (l *soldLine) granted() int64 {
	if l.answer.Status != inventory.Decided || !l.answer.Outcome.Grants() {
		return 0
	}
	return l.answer.Granted
}

// place remembers an order.
func (d *driver) place(step int, o inventory.Order, p *pending) {
	d.mu.Lock()
	defer d.mu.Unlock()
	of := &placed{order: o, pending: p}
	for i := range p.answers {
		l := &soldLine{step: step, answer: &p.answers[i], number: o.Lines[i].Number}
		of.lines = append(of.lines, l)
		d.sold[o.Lines[i].SKU] = append(d.sold[o.Lines[i].SKU], l)
	}
	d.orders[o.ID] = of
	d.tally.lines(of.lines)
}

func (d *driver) placed(id model.ID) *placed {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.orders[id]
}

// conclude cancels or commits an order of which something was granted. A client that has waited for a decision
// until its patience was over cancels, too.
func (c *client) conclude(ctx context.Context, id model.ID, kind workload.StepKind) error {
	of := c.placed(id)
	command := map[workload.StepKind]model.Kind{workload.StepCancel: model.Release, workload.StepCommit: model.Commit}[kind]
	grants := slices.ContainsFunc(of.lines, func(l *soldLine) bool { return l.granted() > 0 })
	undecided := kind == workload.StepCancel && of.isOpen()
	if !grants && !undecided || !c.supports(command) {
		return nil
	}
	began := c.Recorder.Micros()
	p := &pending{}
	err := c.insist(ctx, func(ctx context.Context, f inventory.Front) (_ bool, err error) {
		p.front = c.front
		end := f.Orders.Cancel
		if kind == workload.StepCommit {
			end = f.Orders.Commit
		}
		if _, p.answers, err = end(ctx, id); port.Class(err) == port.ErrContract {
			c.tally.refused(err)
			p.answers = nil
			return false, nil
		}
		return false, err
	})
	if err != nil {
		return err
	}
	// A conclusion that happened before is looked up for every line, also for those it left alone.
	p.answers = slices.DeleteFunc(p.answers, func(a inventory.Answer) bool { return a.Status == inventory.Absent })
	refs := concludes(of, p.answers)
	p.Sent = c.Recorder.Late(c.id, began, conclusions(p.answers, refs))
	c.Recorder.Answered(p.Sent, p.answers)
	if err := c.wait(ctx, p); err != nil {
		return err
	}
	conclude := func() {
		for i, a := range p.answers {
			if l := refs[i]; l != nil && a.Status == inventory.Decided && a.Outcome.Grants() {
				l.cancelled = l.cancelled || a.Kind == model.Release
				l.committed = l.committed || a.Kind == model.Commit
			}
		}
	}
	conclude()
	c.tally.await(p, conclude)
	return nil
}

// conclusions are the commands that the answers speak of. A design names them itself, so that a client
// only learns of them from its answer; what it asked for began when the request left.
func conclusions(as []inventory.Answer, refs []*soldLine) []model.Command {
	cs := make([]model.Command, len(as))
	for i, a := range as {
		cs[i] = model.Command{ID: a.Command, Kind: a.Kind, SKU: a.Lane.SKU, Loc: a.Lane.Loc}
		if refs[i] != nil {
			cs[i].Ref = refs[i].answer.Command
		}
	}
	return cs
}

// concludes says which line each answer of a conclusion is about. An answer names its lane only: of a
// lane's lines they are all, or those that were granted, in order. Where neither fits, nil.
func concludes(of *placed, as []inventory.Answer) []*soldLine {
	refs := make([]*soldLine, len(as))
	perLane := map[model.LaneKey][]int{}
	for i, a := range as {
		perLane[a.Lane] = append(perLane[a.Lane], i)
	}
	all, granted := map[model.LaneKey][]*soldLine{}, map[model.LaneKey][]*soldLine{}
	for i, l := range of.lines {
		k := model.LaneKey{SKU: of.order.Lines[i].SKU, Loc: of.order.Lines[i].Loc}
		all[k] = append(all[k], l)
		if l.granted() > 0 {
			granted[k] = append(granted[k], l)
		}
	}
	for k, places := range perLane {
		lines := all[k]
		if len(lines) != len(places) {
			lines = granted[k]
		}
		if len(lines) != len(places) {
			continue
		}
		byNumber := func(x, y *soldLine) int { return cmp.Compare(x.number, y.number) }
		lines = slices.SortedFunc(slices.Values(lines), byNumber)
		for j, i := range places {
			refs[i] = lines[j]
		}
	}
	return refs
}

// comeBack returns units against the latest earlier lines that have some left to return, and adjusts
// for the rest.
func (c *client) comeBack(ctx context.Context, step int, b workload.Comeback) error {
	left := b.Qty
	for _, l := range c.returnable(step, b.SKU) {
		if left == 0 {
			break
		}
		units := min(left, l.granted()-l.returned)
		a, err := c.submit(ctx, model.Command{ID: model.NameID("return", b.ID.String(), l.answer.Command.String()),
			Kind: model.Return, SKU: b.SKU, Loc: model.MainLocation, Qty: units, Ref: l.answer.Command})
		if err != nil {
			return err
		}
		left -= units
		if a.Status != inventory.Decided || a.Outcome.Grants() {
			l.returned += units // what may have been returned is not returned again
		}
	}
	if left == 0 {
		return nil
	}
	_, err := c.submit(ctx, model.Command{ID: model.NameID("adjust", b.ID.String()), Kind: model.Adjust,
		SKU: b.SKU, Loc: model.MainLocation, Delta: model.Some(left)})
	return err
}

// returnable are the lines of a SKU that units can come back from, the latest of the workload first.
func (d *driver) returnable(step int, sku model.SKU) []*soldLine {
	d.mu.Lock()
	defer d.mu.Unlock()
	var lines []*soldLine
	for _, l := range d.sold[sku] {
		left := !l.cancelled && (l.committed || !d.supports(model.Commit))
		if l.step < step && left && l.returned < l.granted() {
			lines = append(lines, l)
		}
	}
	slices.SortFunc(lines, func(x, y *soldLine) int {
		return cmp.Or(cmp.Compare(y.step, x.step), cmp.Compare(y.number, x.number))
	})
	return lines
}
