package linear

import (
	"fmt"
	"math"
)

// Entry is one row of a key's ledger: which operation took the version, what it did and what it left.
type Entry struct {
	Seq     int64
	ID      int64 // of the operation; [Absent]: of none that has one
	Qty     int64 // units as in [Op]: what was granted; [Absent]: as asked
	Delta   int64 // change of the stock, in units
	Stock   int64 // after it
	Kind    Kind
	Outcome Outcome // OK or Partial; Rejected and NoEffect where refusals have versions
	Arg     int64   // as in [Op]
	// Said is what its answer looked like ([Op.InShort]) where that is not as the entry has it; 0: it is.
	Said uint32
	// Own: the system asked for it itself, so that no call of it needs to be known.
	Own bool
}

// op is the operation that the entry is about, as it was answered.
func (e *Entry) op() Op {
	op := NewOp(e.Kind, e.Qty, math.MinInt64)
	op.ID, op.Arg, op.Seq, op.Remaining, op.Outcome = e.ID, e.Arg, e.Seq, e.Stock, e.Outcome
	return op
}

func (e *Entry) evidence(role Role) Evidence {
	op := e.op()
	return Evidence{Role: role, Index: -1, Op: op, Text: fmt.Sprintf("ledger entry %d: %s, stock %+d = %d", e.Seq, op.what(), e.Delta,
		e.Stock)}
}

// Resolve gives every unanswered operation with an id, in place, the outcome that the ledger shows: at
// that version if its id is there, [Never] if not. Of several attempts of one id the earliest took the
// version, and none if one of them was answered as the first. The return stays open: when somebody
// looked at the ledger says nothing about when an operation took effect (etcd's robustness tests took the
// time of a watch event for a return time and were wrong: etcd-io/etcd issue 19998). An operation without
// an id stays unknown. The ledger must be complete: read after the run went quiet, in order of version.
//
// This is etcd's patching of histories (tests/robustness, patch_history.go; etcd-io/etcd issue 15598),
// with the ledger in place of the write-ahead log.
func Resolve(ops []Op, spec Spec, ledger []Entry) {
	first := pendingAttempts(ops, spec.Sequenced)
	for i := range ops {
		if op := &ops[i]; op.Outcome == Unknown && op.ID >= 0 {
			op.Outcome = Never
		}
	}
	for i := range ledger {
		e := &ledger[i]
		if e.ID < 0 || e.ID >= int64(len(first)) || first[e.ID] == none {
			continue
		}
		op := &ops[first[e.ID]]
		if op.Outcome != Never || op.Kind != e.Kind {
			continue // it is there twice, or as something else: the certificate says so
		}
		op.Outcome, op.Seq, op.Remaining = e.Outcome, e.Seq, e.Stock
		if e.Qty != Absent {
			op.Qty = e.Qty
		}
	}
}

// none is no index.
const none = -1

// pendingAttempts is, by id, the earliest unanswered attempt of what has no first answer.
func pendingAttempts(ops []Op, sequenced bool) []int32 {
	first := make([]int32, idLimit(ops))
	const answered = -2
	for i := range first {
		first[i] = none
	}
	for i := range ops {
		op := &ops[i]
		switch {
		case op.ID < 0:
		case op.Outcome == Unknown:
			if at := first[op.ID]; at == none || at >= 0 && op.Call < ops[at].Call {
				first[op.ID] = int32(i)
			}
		case takesVersion(op, sequenced):
			first[op.ID] = answered
		}
	}
	for i, at := range first {
		first[i] = max(at, none)
	}
	return first
}

// Certify compares the history with the key's ledger: versions without a gap from the initial one on,
// each stock following from the one before, no id in effect twice, an operation behind every entry and
// an entry behind every operation that took a version. O(n).
func Certify(ops []Op, spec Spec, ledger []Entry) Report {
	byID := make([]int32, idLimit(ops)) // by id: 0, or 1 + the index of an operation that can have done it
	anonymous := false                  // something without an id can have done it
	for i := range ops {
		anonymous = anonymous || ops[i].ID < 0 && ops[i].Kind != Read
		refused := (ops[i].Outcome == Rejected || ops[i].Outcome == NoEffect) && !spec.Sequenced
		if ops[i].ID >= 0 && !refused {
			byID[ops[i].ID] = int32(i) + 1
		}
	}
	taken := make([]bool, len(byID))
	seq, stock := spec.Initial.Seq, spec.Initial.Stock
	for i := range ledger {
		e := &ledger[i]
		switch {
		case e.Seq != seq+1:
			return failed(RuleLedger, fmt.Sprintf("the ledger goes from version %d to %d", seq, e.Seq), e.evidence(Offender))
		case e.Stock != stock+e.Delta:
			return failed(RuleLedger, fmt.Sprintf("the ledger's stock is %d at version %d; %+d is not %d", stock, seq, e.Delta,
				e.Stock), e.evidence(Offender))
		case e.ID >= int64(len(byID)) || e.ID >= 0 && byID[e.ID] == 0 || e.ID < 0 && !anonymous:
			return failed(RuleLedger, "the ledger has an entry that no operation asked for, or one that was refused", e.evidence(Offender))
		case e.ID >= 0 && taken[e.ID]:
			return failed(RuleOnce, fmt.Sprintf("the ledger has id %d twice", e.ID), e.evidence(Offender),
				show(Witness, ops, int(byID[e.ID])-1))
		}
		if e.ID >= 0 {
			taken[e.ID] = true
		}
		seq, stock = e.Seq, e.Stock
	}
	for i := range ops {
		if op := &ops[i]; takesVersion(op, spec.Sequenced) && op.ID >= 0 {
			if r := certifyAnswer(ops, i, spec.Initial.Seq, ledger, taken); r.Verdict == Fail {
				return r
			}
		}
	}
	return Report{Verdict: Pass}
}

// certifyAnswer compares one answer with the ledger's entry of that version.
func certifyAnswer(ops []Op, i int, initial int64, ledger []Entry, taken []bool) Report {
	op := &ops[i]
	if op.Seq == Absent { // found by id alone
		if !taken[op.ID] {
			return failed(RuleLedger, "an operation was answered and is not in the ledger", show(Offender, ops, i))
		}
		return Report{Verdict: Pass}
	}
	at := op.Seq - initial - 1
	if at < 0 || at >= int64(len(ledger)) {
		return failed(RuleLedger, fmt.Sprintf("the ledger has no version %d", op.Seq), show(Offender, ops, i))
	}
	e := &ledger[at]
	if e.ID != op.ID || e.Outcome != op.Outcome || e.Kind != op.Kind || op.Remaining != Absent && op.Remaining != e.Stock {
		return failed(RuleLedger, fmt.Sprintf("the ledger says otherwise of version %d", op.Seq), show(Offender, ops, i),
			e.evidence(Witness))
	}
	return Report{Verdict: Pass}
}

// takesVersion reports whether the operation is known to have taken a version of its own.
func takesVersion(op *Op, sequenced bool) bool {
	switch op.Outcome {
	case OK, Partial:
		return op.Kind != Read
	case Rejected, NoEffect:
		return sequenced
	}
	return false
}
