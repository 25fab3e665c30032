package linear

import (
	"cmp"
	"slices"
	"time"
)

// Linearizable judges the history of one key by the method that its capability allows (doc.go), after it has
// checked what that assumes. With [Ledger] and a ledger, it compares the answers with the ledger and resolves the
// unanswered operations from it, in place, before it judges them by version.
func Linearizable(ops []Op, spec Spec, o Options) (Report, Linearization) {
	switch {
	case len(ops) == 0:
		return Report{Method: "none", Verdict: Pass}, nil
	case o.Capability >= Version:
		if o.Capability == Ledger && o.Ledger != nil {
			if r := Certify(ops, spec, o.Ledger); r.Verdict == Fail {
				r.Method, r.Key = "ledger", ops[0].Key
				return r, nil
			}
			Resolve(ops, spec, o.Ledger)
		}
		return Versioned(ops, spec, o)
	case o.Capability >= Remaining && falls(ops, &spec, o.Capability) == "":
		if r, l := Monotone(ops, spec, o); r.Verdict != Undecided {
			return r, l
		}
		return Window(ops, spec, o)
	case o.Capability == Bare && o.Porcupine.allows(ops):
		return judged("porcupine", ops, Bare, func() (Report, Linearization) { return searchedBare(ops, spec, o) })
	}
	return Window(ops, spec, o)
}

// allows reports whether a bare history is small enough to be given to porcupine.
func (l PorcupineLimits) allows(ops []Op) bool {
	if len(ops) > cmp.Or(l.Operations, 1000) {
		return false
	}
	now, most := 0, cmp.Or(l.Concurrent, 8)
	return !slices.ContainsFunc(events(ops), func(e event) bool {
		if e.returns {
			now--
		} else {
			now++
		}
		return now > most
	})
}

// searchedBare is porcupine's verdict, or the window's where that says more: which operation nothing explains.
func searchedBare(ops []Op, spec Spec, o Options) (Report, Linearization) {
	switch Porcupine(ops, spec, cmp.Or(o.Porcupine.Timeout, 5*time.Second)) {
	case Pass:
		return Report{Verdict: Pass}, nil
	case Undecided:
		return Report{Why: "porcupine gave no answer in time"}, nil
	}
	if r, _ := Window(ops, spec, o); r.Verdict == Fail {
		return r, nil
	}
	return failed(RuleOrder, "no order of the operations explains the answers", show(Offender, ops, len(ops)-1)), nil
}
