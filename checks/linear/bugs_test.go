package linear

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// bug is what a server does wrong, now and then.
type bug string

const (
	lostUpdate  bug = "lost update"  // two deductions read the same stock and version; the second write wins
	staleRead   bug = "stale read"   // a read answers the state of a while ago
	lateEffect  bug = "late effect"  // a deduction is answered, and takes its place behind later ones
	doubleApply bug = "double apply" // a deduction whose answer was lost is carried out once more
)

// served is a history of n deductions, reads and rejections at that many clients, one percent of the answers lost, by a
// server with a bug; had says how often the bug had an effect. The ledger is what the server wrote down.
func served(r *rand.Rand, b bug, n, clients int) (ops []Op, spec Spec, ledger []Entry, had int) {
	spec.Initial.Stock = int64(n)
	ops = make([]Op, n)
	arrives := make([]int64, n)
	order := make([]int, n)
	for i := range ops {
		ops[i] = NewOp(Deduct, 1+r.Int64N(3), int64(i))
		ops[i].ID, ops[i].Client = int64(i), int32(i%clients)
		if r.IntN(5) == 0 {
			ops[i].Kind, ops[i].ID, ops[i].Qty = Read, Absent, 0
		}
		arrives[i] = int64(i) + r.Int64N(int64(clients)/2)
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(arrives[x], arrives[y]) })
	states := []State{spec.Initial}
	write := func(op *Op, from State) State {
		st := State{Seq: from.Seq + 1, Stock: from.Stock - op.Qty}
		ledger = append(ledger, wrote(st.Seq, op.ID, op.Qty, -op.Qty, st.Stock, Deduct, OK))
		states = append(states, st)
		return st
	}
	for _, i := range order {
		op := &ops[i]
		st := states[len(states)-1]
		returns := arrives[i] + r.Int64N(int64(clients)/2)
		strikes, old := r.IntN(40) == 0 && len(states) > 3*clients, states[max(0, len(states)-3*clients)]
		lost := r.IntN(100) == 0
		switch {
		case op.Kind == Read && b == staleRead && strikes:
			op.Seq, op.Remaining, op.Outcome = old.Seq, old.Stock, OK
			had++
		case op.Kind == Read:
			op.Seq, op.Remaining, op.Outcome = st.Seq, st.Stock, OK
		case st.Stock < op.Qty:
			op.Seq, op.Remaining, op.Outcome = st.Seq, st.Stock, Rejected
		default:
			from := st
			if b == lostUpdate && strikes {
				from = states[len(states)-2]
				had++
			}
			after := write(op, from)
			if lost {
				if b == doubleApply && after.Stock >= op.Qty && r.IntN(4) == 0 {
					write(op, after)
					had++
				}
				break
			}
			op.Seq, op.Remaining, op.Outcome = after.Seq, after.Stock, OK
			if b == lateEffect && strikes { // it had been answered before what it stands behind was called
				op.Call, returns = op.Call-int64(4*clients), op.Call-int64(3*clients)
				had++
			}
		}
		if op.Outcome != Unknown && !(lost && op.Kind == Read) {
			op.Return = returns
		} else {
			op.Outcome, op.Seq, op.Remaining = Unknown, Absent, Absent
		}
	}
	return ops, spec, ledger, had
}

// layer is how much of a history is looked at, and by what.
type layer struct {
	name  string
	judge func(ops []Op, spec Spec, ledger []Entry) Report
}

func layers() []layer {
	return []layer{
		{"bounds", func(ops []Op, spec Spec, _ []Entry) Report { return Bounds(ops, spec) }},
		{"bounds+ledger", func(ops []Op, spec Spec, ledger []Entry) Report {
			if r := Certify(ops, spec, ledger); r.Verdict == Fail {
				return r
			}
			resolved := slices.Clone(ops)
			Resolve(resolved, spec, ledger)
			return Bounds(resolved, spec)
		}},
		{"versions", func(ops []Op, spec Spec, _ []Entry) Report { r, _ := Versioned(ops, spec, Options{}); return r }},
		{"versions+ledger", func(ops []Op, spec Spec, ledger []Entry) Report {
			r, _ := Linearizable(slices.Clone(ops), spec, Options{Capability: Ledger, Ledger: ledger})
			return r
		}},
		{"stream", func(ops []Op, spec Spec, _ []Entry) Report { return stream(ops, spec) }},
		{"certificate", certified},
	}
}

// TestInjectedBugsAreDetected: 200 histories of each bug; of those in which it had an effect, each layer finds at least
// as many as are stated, and none accuses a clean history. With -v it prints the table.
func TestInjectedBugsAreDetected(t *testing.T) {
	const runs, n, clients = 200, 2000, 64
	// in percent of the histories in which the bug had an effect
	atLeast := map[bug][]int{lostUpdate: {95, 100, 100, 100, 100, 100}, staleRead: {100, 100, 100, 100, 100, 100},
		lateEffect: {0, 0, 100, 100, 100, 100}, doubleApply: {100, 100, 100, 100, 100, 100}}
	all := layers()
	t.Logf("%-14s %s", "", columns(all, func(l int) string { return all[l].name }))
	for _, b := range []bug{"", lostUpdate, staleRead, lateEffect, doubleApply} {
		r := rand.New(rand.NewPCG(5, 6))
		effect, found := 0, make([]int, len(all))
		for range runs {
			ops, spec, ledger, had := served(r, b, n, clients)
			if had > 0 {
				effect++
			}
			for l, layer := range all {
				report := layer.judge(ops, spec, ledger)
				switch {
				case report.Verdict == Fail && had == 0:
					t.Fatalf("%s accuses a clean history: %v", layer.name, report)
				case report.Verdict == Fail:
					found[l]++
				case report.Verdict == Undecided && had == 0 && b == "":
					t.Errorf("%s does not decide a clean history: %v", layer.name, report)
				}
			}
		}
		if b == "" {
			t.Logf("%-14s %s", "false alarms", columns(all, func(l int) string { return fmt.Sprintf("%d of %d", found[l], runs) }))
			continue
		}
		t.Logf("%-14s %s", b, columns(all, func(l int) string { return fmt.Sprintf("%d of %d", found[l], effect) }))
		for l, layer := range all {
			if found[l]*100 < atLeast[b][l]*effect {
				t.Errorf("%s: %s found %d of %d, want %d %%", b, layer.name, found[l], effect, atLeast[b][l])
			}
		}
		if effect < runs/2 {
			t.Errorf("%s had an effect in %d of %d histories only", b, effect, runs)
		}
	}
}

func columns(all []layer, cell func(l int) string) string {
	var b strings.Builder
	for l := range all {
		fmt.Fprintf(&b, "%16s", cell(l))
	}
	return b.String()
}
