package linear

import (
	"cmp"
	"fmt"
	"math"
)

// Judge ends the history: nothing is under way any more, and this is the ledger, in order of version. An operation
// that is in it and was not answered was done there; one that is not never happened.
func (c *Certifier) Judge(ledger []Entry) Report {
	r := c.problem
	if r.Why == "" {
		c.sortLater()
		a := audit{Certifier: c, state: c.spec.Initial}
		r = a.run(ledger)
	} else if n := c.behind - c.spec.Initial.Seq - 1; r.Verdict == Fail && n >= 0 && n < int64(len(ledger)) {
		r.Evidence = append(r.Evidence, c.entry(Witness, &ledger[n]))
	}
	r.Method = "certificate"
	return r
}

// audit is the replay of a ledger.
type audit struct {
	*Certifier
	state State
	ids   []memory
	next  int // of later
}

func (a *audit) run(ledger []Entry) Report {
	limit := a.Certifier.ids.size()
	for i := range ledger {
		limit = max(limit, ledger[i].ID+1, ledger[i].Arg+1)
	}
	a.ids = make([]memory, limit)
	if r := a.observers(); r != nil {
		return *r
	}
	for i := range ledger {
		e := &ledger[i]
		if r := a.entry(e); r != nil {
			return *r
		}
		op := e.op()
		if !a.spec.step(&a.state, a.ids, &op, e.Outcome) {
			return failed(RuleLedger, fmt.Sprintf("the ledger's version %d is not what the specification answers behind version %d, "+
				"with %d in stock", e.Seq, a.state.Seq, a.state.Stock), a.Certifier.entry(Offender, e))
		}
		if r := a.observers(); r != nil {
			return *r
		}
	}
	return a.missing()
}

// entry compares an entry with the one before it and with what its operation was told.
func (a *audit) entry(e *Entry) *Report {
	why := ""
	switch {
	case e.Seq != a.state.Seq+1:
		why = fmt.Sprintf("the ledger goes from version %d to %d", a.state.Seq, e.Seq)
	case e.Stock != a.state.Stock+e.Delta:
		why = fmt.Sprintf("the ledger's stock is %d at version %d; %+d is not %d", a.state.Stock, a.state.Seq, e.Delta, e.Stock)
	}
	if why != "" {
		r := failed(RuleLedger, why, a.Certifier.entry(Offender, e))
		return &r
	}
	if e.ID >= 0 {
		return a.told(e)
	}
	if e.Own {
		return nil
	}
	r := failed(RuleLedger, "the ledger has an entry that no operation asked for", a.Certifier.entry(Offender, e))
	return &r
}

// told compares an entry with what its operation was told.
func (a *audit) told(e *Entry) *Report {
	t := a.Certifier.ids.at(e.ID)
	rule, why := RuleLedger, ""
	switch {
	case a.ids[e.ID].state != unseen:
		rule, why = RuleOnce, fmt.Sprintf("the ledger has id %d twice", e.ID)
	case t.what == unasked && !e.Own, t.what == asked && t.stock == 0, t.what == declined:
		why = "the ledger has an entry that no operation asked for, or one that was refused"
	case t.what == asked && t.seq >= e.Seq:
		rule, why = RuleRealTime, fmt.Sprintf("version %d had been returned before the call of what stands at %d", t.seq, e.Seq)
	case t.what >= remembers && (t.seq != e.Seq || t.stock != e.Stock && t.stock != Absent), t.what >= answers && t.what != e.said():
		why = fmt.Sprintf("the ledger says otherwise of version %d", t.seq)
	}
	if why == "" {
		return nil
	}
	r := failed(rule, why, a.answer(Offender, t, e), a.Certifier.entry(Witness, e))
	r.Slice = &Slice{min(e.Seq, t.seq) - 1, max(e.Seq, t.seq)}
	return &r
}

// said is what the answer to an entry's operation looked like.
func (e *Entry) said() uint32 {
	op := e.op()
	return cmp.Or(e.Said, op.InShort())
}

// observers judges what was observed at the version that was reached.
func (a *audit) observers() *Report {
	for ; a.next < len(a.later) && a.later[a.next].op.Seq <= a.state.Seq; a.next++ {
		o := &a.later[a.next]
		state := a.state
		if o.op.Seq == a.state.Seq && a.spec.step(&state, a.ids, &o.op, o.op.Outcome) {
			continue
		}
		r := failed(RuleAnswer, fmt.Sprintf("at version %d the stock is %d, and that is not what was answered", a.state.Seq,
			a.state.Stock), Evidence{Offender, int(o.ref), o.op, o.op.String()})
		return &r
	}
	return nil
}

// missing reports what was answered and is not in the ledger.
func (a *audit) missing() Report {
	if a.next < len(a.later) {
		o := &a.later[a.next]
		return failed(RuleLedger, fmt.Sprintf("the ledger has no version %d", o.op.Seq), Evidence{Offender, int(o.ref), o.op,
			o.op.String()})
	}
	for id := range a.Certifier.ids.size() {
		if t := a.Certifier.ids.at(id); t.what >= remembers && a.ids[id].state == unseen {
			e := Entry{ID: id, Kind: Note, Qty: Absent, Arg: Absent}
			return failed(RuleLedger, fmt.Sprintf("the ledger has no version %d of it", t.seq), a.answer(Offender, t, &e))
		}
	}
	return Report{Verdict: Pass}
}

// entry is evidence of a ledger entry, with the caller's name of its operation.
func (c *Certifier) entry(role Role, e *Entry) Evidence {
	x := e.evidence(role)
	if e.ID >= 0 && c.ids.at(e.ID).what != unasked {
		x.Index = int(c.ids.at(e.ID).ref)
	}
	return x
}

// answer is evidence of what an id was told; of what was asked the ledger's entry speaks.
func (c *Certifier) answer(role Role, t *toldOf, e *Entry) Evidence {
	op := NewOp(e.Kind, e.Qty, math.MinInt64)
	op.ID, op.Arg = e.ID, e.Arg
	text := "not answered: " + op.what()
	switch {
	case t.what == unasked:
		text = fmt.Sprintf("nobody asked for id %d", e.ID)
	case t.what >= remembers:
		op.Seq, op.Remaining, op.Outcome = t.seq, t.stock, e.Outcome
		text = fmt.Sprintf("answered with version %d", t.seq)
		if t.what == e.said() {
			text += ": " + op.what()
		}
	}
	return Evidence{role, int(t.ref), op, text}
}
