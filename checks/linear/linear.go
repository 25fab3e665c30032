package linear

// Linearizable judges the history of one key by the method that its capability allows (doc.go). With
// [Ledger] and a ledger, it compares the answers with the ledger and resolves the unanswered operations
// from it, in place, before it judges them by version.
func Linearizable(ops []Op, spec Spec, o Options) (Report, Linearization) {
	if o.Capability == Ledger && o.Ledger != nil {
		if r := Certify(ops, spec, o.Ledger); r.Verdict == Fail {
			r.Method, r.Key = "ledger", ops[0].Key
			return r, nil
		}
		Resolve(ops, spec, o.Ledger)
	}
	return Versioned(ops, spec, o)
}
