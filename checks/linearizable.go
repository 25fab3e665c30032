package checks

import (
	"fmt"
	"io"

	"stockproof/checks/linear"
	"stockproof/model"
)

// linearizable: per lane, what clients were told and what they read from the truth fits an order that respects
// real time and in which every answer is the specification's. It is the adapter to package linear: commands
// become operations (operation.go), all attempts of one together, from the first call to the first answer.
//
// A design with a ledger is judged while it happens, by a [linear.Certifier] a lane: what is kept of a command is
// its number and 24 bytes. What only the design itself asked for, or nobody was answered for, is what the ledger
// says. With [StockAfter] the operations are kept and searched at the end (stock_order.go); bare answers too,
// while they are few.
//
// Reads of the speed layer are not in it: they may be stale, and are monotone-reads' to judge.
type linearizable struct {
	header  *Header
	calls   *calls
	lanes   map[model.LaneKey]*certifiedLane
	clock   stopwatch
	bare    []Event               // with BareAnswers: calls and answers, which are searched at the end
	kept    *operations           // with StockAfter, and where the suite remembers; nil: nothing is kept
	verdict Verdict               // with a ledger, once that was read
	book    *book                 // of the audit, once it was read
	panel   func(io.Writer) error // draws the first finding; nil: there is none yet
}

func newLinearizable(h *Header, sent *calls) *linearizable {
	c := &linearizable{header: h, calls: sent, lanes: map[model.LaneKey]*certifiedLane{}}
	if h.Capability == StockAfter {
		c.remember()
	}
	return c
}

// remember keeps all operations from now on.
func (c *linearizable) remember() { c.kept = newOperations(c.header, c.calls) }

func (c *linearizable) Observe(index int, e Event) {
	if c.kept != nil {
		c.kept.observe(index, e)
		if c.header.Capability == LedgerRows && c.kept.n > mostRemembered {
			c.kept = nil // it was for those who look again; the verdict does without
		}
	}
	switch c.header.Capability {
	case BareAnswers:
		c.bare = append(c.bare, e)
	case LedgerRows:
		c.stream(index, e)
	}
}

func (c *linearizable) stream(index int, e Event) {
	switch e := e.(type) {
	case Call:
		c.clock.start(e.At)
		for _, k := range legs(e.Command) {
			l := c.lane(k)
			op := linear.NewOp(linear.Note, linear.Absent, e.At-c.clock.began)
			op.ID = l.numbers.of(e.Command.ID)
			l.certifier.Call(&op, int32(index))
		}
	case Return:
		sent, ok := c.calls.open[e.Attempt]
		for leg, k := range legs(sent.Command) {
			if ok {
				c.lane(k).told(index, sent, int16(leg), e, c.clock.began)
			}
		}
	case Read:
		if e.FromTruth {
			c.clock.start(e.Call)
			op := readOfTruth(e, c.clock.began)
			c.lane(e.Lane).certifier.Return(&op, int32(index))
		}
	}
}

func (c *linearizable) lane(k model.LaneKey) *certifiedLane {
	l := c.lanes[k]
	if l == nil {
		l = &certifiedLane{key: k, numbers: numbers{}, certifier: linear.NewCertifier(linear.Spec{Sequenced: true})}
		c.lanes[k] = l
	}
	return l
}

// stopwatch counts times from the first thing that a client did.
type stopwatch struct {
	began   int64
	started bool
}

func (s *stopwatch) start(at int64) {
	if !s.started {
		s.began, s.started = at, true
	}
}

// legs are the lanes that a command is decided on.
func legs(c model.Command) []model.LaneKey {
	if c.Kind == model.Transfer {
		return []model.LaneKey{c.Lane(), c.ToLane()}
	}
	return []model.LaneKey{c.Lane()}
}

// readOfTruth is an operation. A lane that is not there is at version 0.
func readOfTruth(e Read, began int64) linear.Op {
	op := linear.NewOp(linear.Read, linear.Absent, e.Call-began)
	op.Return, op.Client, op.Outcome, op.Seq, op.Remaining = e.At-began, e.Client, linear.OK, e.Seq, e.Avail
	return op
}

// seen makes a read of what an operation saw.
func seen(seq, stock int64, op *linear.Op) linear.Op {
	read := linear.NewOp(linear.Read, linear.Absent, op.Call)
	read.Return, read.Client, read.Outcome, read.Seq, read.Remaining = op.Return, op.Client, linear.OK, seq, stock
	return read
}

func (c *linearizable) Finish(a Audit) Report {
	switch c.header.Capability {
	case BareAnswers:
		return c.searched()
	case StockAfter:
		return c.kept.searched(&a)
	case LedgerRows:
		c.book = bookOf(&a)
		return c.certified(&a)
	}
	return notChecked(Linearizable, "the decisions have no order that was written down")
}

// certified reads the ledger of every lane.
func (c *linearizable) certified(a *Audit) Report {
	var f findings
	unsettled := ""
	lines := linesOf(a)
	for _, k := range judgedLanes(c.lanes, c.book) {
		l := c.lane(k)
		switch r := l.certifier.Judge(l.ledger(c.book, lines)); r.Verdict {
		case linear.Fail:
			found(&f, c.header, k, l.numbers, r, func(e linear.Evidence) int { return max(0, e.Index) })
		case linear.Undecided:
			unsettled = fmt.Sprintf("lane %s: %s", laneName(k), r.Why)
		}
	}
	r := settled(f, unsettled)
	c.verdict = r.Verdict
	return r
}

// searched is the verdict on bare answers: porcupine's, lane by lane, where it is not too large for it.
func (c *linearizable) searched() Report {
	var f findings
	unsettled := ""
	ops, o := Operations(c.bare), BareOptions{Names: c.header.Names}
	lanes, _, _ := byLane(ops)
	for i, r := range Bare(ops, o) {
		switch {
		case r.Verdict == Fail:
			if c.panel == nil {
				c.panel = func(w io.Writer) error { return DrawBare(w, ops, lanes[i], o) }
			}
			f.add(r.Severity.Amount, r.Why, r.Evidence...)
		case r.Verdict == Undecided:
			unsettled = r.Why
		}
	}
	return settled(f, unsettled)
}

// settled is undecided where nothing was found and something was not judged.
func settled(f findings, unsettled string) Report {
	if f.n == 0 && unsettled != "" {
		return undecided(Linearizable, unsettled)
	}
	return f.report(Linearizable)
}

// explain draws what was found: with a ledger from the operations that were kept.
func (c *linearizable) explain(w io.Writer) error {
	if c.kept != nil && c.book != nil && c.panel == nil {
		_, c.panel = c.kept.plain(c.book)
	}
	if c.panel == nil {
		return ErrNoPanel
	}
	return c.panel(w)
}

// found adds what is wrong with a lane; event says where a piece of evidence was observed, 0: nowhere.
func found(f *findings, h *Header, lane model.LaneKey, known numbers, r linear.Report, event func(linear.Evidence) int) {
	var evidence []Evidence
	units := int64(0)
	names := make([]model.ID, len(known))
	for id, n := range known {
		names[n] = id
	}
	for _, e := range r.Evidence {
		x := Evidence{Role: Role(e.Role), Lane: lane, Text: e.Text, Event: event(e)}
		if e.Op.ID >= 0 && e.Op.ID < int64(len(names)) {
			x.Command = names[e.Op.ID]
			x.Text = h.name(x.Command) + ": " + x.Text
		}
		if e.Op.Seq > 0 {
			x.Seq = e.Op.Seq
		}
		if e.Op.Qty != linear.Absent {
			x.Units = e.Op.Qty
			units = max(units, abs(e.Op.Qty))
		}
		evidence = append(evidence, x)
	}
	f.add(units, fmt.Sprintf("lane %s: %s", laneName(lane), r.Why), evidence...)
}
