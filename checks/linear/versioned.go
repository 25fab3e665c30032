package linear

import (
	"cmp"
	"fmt"
	"slices"
)

// Versioned judges the history of one key whose answers all show the version and the stock (case A of
// CHECKERS.md, 2.3): O(n) when every operation was answered or resolved from the ledger, O(n log n) when
// what filled the vacant versions follows from the stock on both sides (case B). Versions are not
// trusted: they are part of the answer, and a wrong one breaks a rule. Beyond that it searches or tries,
// within the options, and is undecided where neither settles it.
func Versioned(ops []Op, spec Spec, o Options) (Report, Linearization) {
	if len(ops) == 0 {
		return Report{Method: "versions", Verdict: Pass}, Linearization{}
	}
	if why := assume(ops, Version); why != "" {
		return Report{Method: "versions", Key: ops[0].Key, Why: why}, nil
	}
	r, l := versioned(ops, &spec, o)
	r.Method, r.Key = "versions", ops[0].Key
	return r, l
}

func versioned(ops []Op, spec *Spec, o Options) (Report, Linearization) {
	c, r := byVersion(spec, ops)
	if r != nil {
		return *r, nil
	}
	if c.murky() {
		return searched(ops, spec, o, "what an unanswered operation did bears on other answers")
	}
	for _, rule := range []func() *Report{c.undoings, c.transitions, c.realTime} {
		if r := rule(); r != nil {
			return *r, nil
		}
	}
	return c.explained(o)
}

// murky reports whether what an unanswered operation did bears on how answers are to be judged: it may
// have set a limit. Where refusals have versions it may have undone a deduction or not, and what only a
// duplicate shows may have been refused.
func (c *chain) murky() bool {
	bears := func(i int32) bool {
		if i == none || c.ops[i].Outcome != Unknown {
			return false
		}
		op := &c.ops[i]
		return op.Kind == SetLimit || c.spec.Sequenced && (op.Ref() != Absent || c.at[i] != none)
	}
	return slices.ContainsFunc(c.spare, bears) || slices.ContainsFunc(c.slot, bears)
}

// explained judges a chain whose answers agree among themselves: is there an unanswered operation for
// everything that no answer explains?
func (c *chain) explained(o Options) (Report, Linearization) {
	u := c.candidates()
	if r := c.refusals(u); r != nil {
		return *r, nil
	}
	f := newFiller(c, u)
	p, why := f.run()
	switch {
	case p == 0:
		l := Linearization(nil)
		if o.Order || u.coupled || c.doubt {
			l = c.order(f.tiles)
		}
		if u.coupled || c.doubt { // what fills one place may spoil what fills another: only the replay knows
			if err := l.Verify(*c.spec, c.ops); err != nil {
				return searched(c.ops, c.spec, o, err.Error())
			}
		}
		return Report{Verdict: Pass}, l
	case f.exact:
		return c.unexplained(p, why), nil
	case u.opaque:
		return Report{Why: why + "; the effect of an unanswered operation cannot be known"}, nil
	}
	return searched(c.ops, c.spec, o, why)
}

// unexplained reports a vacant place that nothing can have filled.
func (c *chain) unexplained(p int32, why string) Report {
	r := failed(RuleUnknown, why)
	for _, at := range []int32{p, p + 1, p - 1} {
		if evidence := c.shownAt(at, none); int(at) < len(c.slot) && len(r.Evidence) < 2 && len(evidence) > 0 {
			r.Evidence = append(r.Evidence, evidence...)
		}
	}
	for n := range r.Evidence {
		r.Evidence[n].Role = []Role{Offender, Witness}[n]
	}
	r.Slice = &Slice{c.version(p) - 1, c.version(p)}
	return r
}

// searched is what the exact search for unanswered operations says, where there are few.
func searched(ops []Op, spec *Spec, o Options, why string) (Report, Linearization) {
	if o.Candidates < 0 {
		return Report{Why: why + "; not searched"}, nil
	}
	l, stuck := searchGaps(spec, ops, o)
	switch {
	case l != nil:
		return Report{Verdict: Pass}, l
	case stuck != nil:
		return failed(RuleOrder, "no way to order the unanswered operations explains all answers: "+why, stuck...), nil
	}
	return Report{Why: fmt.Sprintf("%s; more than %d unanswered operations, or too many ways to order them", why,
		cmp.Or(o.Candidates, 24))}, nil
}
