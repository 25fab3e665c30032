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
		return c.searched(o, "what an unanswered operation did bears on other answers")
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
	return slices.ContainsFunc(append(c.pinned, c.spare...), func(i int32) bool {
		return c.ops[i].Kind == SetLimit || c.spec.Sequenced && (c.ops[i].Ref() != Absent || c.at[i] != none)
	})
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
		if o.Order || u.doubt || c.doubt {
			l = c.order(f.tiles)
		}
		if u.doubt || c.doubt { // what fills one place may spoil what fills another: only the replay knows
			if err := l.Verify(*c.spec, c.ops); err != nil {
				return c.searched(o, err.Error())
			}
		}
		return Report{Verdict: Pass}, l
	case f.exact:
		return c.unexplained(p, why), nil
	case u.opaque:
		return Report{Why: why + "; the effect of an unanswered operation cannot be known"}, nil
	}
	return c.searched(o, why)
}

// unexplained reports a vacant place that nothing can have filled, between the answers next to it.
func (c *chain) unexplained(p int32, why string) Report {
	r := failed(RuleUnknown, why)
	behind, before := none, none
	for i := range c.ops {
		switch q := c.placeOf(i); {
		case !c.ops[i].answered() || q == none:
		case q >= p && (behind == none || q < c.placeOf(behind)):
			behind = i
		case q < p && (before == none || q > c.placeOf(before)):
			before = i
		}
	}
	if behind != none {
		r.Evidence = append(r.Evidence, show(Offender, c.ops, behind))
	}
	if before != none {
		r.Evidence = append(r.Evidence, show([]Role{Offender, Witness}[len(r.Evidence)], c.ops, before))
	}
	if len(r.Evidence) == 0 { // nobody was answered first: a duplicate shows the stock that cannot be
		first := slices.IndexFunc(c.ops, func(op Op) bool { return op.Remaining != Absent })
		r.Evidence = append(r.Evidence, show(Offender, c.ops, max(0, first)))
	}
	r.Slice = &Slice{c.version(p) - 1, c.version(p)}
	return r
}

// searched is what the exact search for unanswered operations says, where there are few.
func (c *chain) searched(o Options, why string) (Report, Linearization) {
	most := min(cmp.Or(o.Candidates, 24), 32)
	if len(c.spare) > most || most < 0 {
		return Report{Why: fmt.Sprintf("%s; with %d unanswered operations that is not searched", why, len(c.spare))}, nil
	}
	l, stuck := searchGaps(c.spec, c.ops, cmp.Or(o.Steps, 4_000_000))
	switch {
	case l != nil:
		return Report{Verdict: Pass}, l
	case stuck != nil:
		return failed(RuleOrder, "no way to order the unanswered operations explains all answers: "+why, stuck...), nil
	}
	return Report{Why: why + "; there are too many ways to order the unanswered operations"}, nil
}
