package linear

import (
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// Porcupine gives a history to porcupine (Wing & Gong's search with P-compositionality), stepping the same
// specification: the oracle of this package's tests, and the judge of small bare histories. A search that
// did not end within the timeout is Undecided, never a pass.
func Porcupine(ops []Op, spec Spec, timeout time.Duration) Verdict {
	switch porcupine.CheckOperationsTimeout(porcupineModel(&spec, ops), porcupineOperations(ops), timeout) {
	case porcupine.Ok:
		return Pass
	case porcupine.Illegal:
		return Fail
	}
	return Undecided
}

// porcupineOperations leaves out what did not happen, and reads that nobody saw.
func porcupineOperations(ops []Op) []porcupine.Operation {
	history := make([]porcupine.Operation, 0, len(ops))
	for i := range ops {
		if op := &ops[i]; op.answered() || op.Outcome == Unknown && op.Kind != Read {
			history = append(history, porcupine.Operation{ClientId: int(op.Client), Input: op, Call: op.Call, Return: op.Return,
				Metadata: i})
		}
	}
	return history
}

// porcupineState is never changed in place: porcupine keeps old ones.
type porcupineState struct {
	State
	ids []memory
}

// porcupineModel steps the specification. An unanswered operation that never happened is one that stands
// last, or has nothing to do where it stands; where refusals have versions it may also have been refused, so
// that its step has two results.
func porcupineModel(spec *Spec, ops []Op) porcupine.Model {
	seqs, stocks, epochs := shown(ops)
	ids := idLimit(ops)
	step := func(s porcupineState, op *Op, as Outcome) (porcupineState, bool) {
		next := porcupineState{s.State, s.ids}
		if op.Kind != Read && as != Duplicate {
			next.ids = slices.Clone(s.ids)
		}
		ok := spec.step(&next.State, next.ids, op, as)
		forget(&next, op, seqs, stocks, epochs)
		return next, ok
	}
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{porcupineState{spec.Initial, make([]memory, ids)}} },
		Step: func(state, input, _ any) (next []any) {
			s, op := state.(porcupineState), input.(*Op)
			if op.Outcome != Unknown {
				if n, ok := step(s, op, op.Outcome); ok {
					next = append(next, n)
				}
				return next
			}
			if n, ok := step(s, op, OK); ok {
				next = append(next, n)
			}
			if n, ok := step(s, op, NoEffect); ok && spec.Sequenced {
				next = append(next, n)
			}
			if len(next) == 0 {
				next = append(next, s)
			}
			return next
		},
		Equal: func(x, y any) bool {
			a, b := x.(porcupineState), y.(porcupineState)
			return a.State == b.State && slices.Equal(a.ids, b.ids)
		},
		DescribeOperation: func(input, _ any) string { return input.(*Op).String() },
	}
	return m.ToModel()
}

// shown says which parts of the state some answer shows.
func shown(ops []Op) (seqs, stocks, epochs bool) {
	for i := range ops {
		op := &ops[i]
		seqs, stocks = seqs || op.Seq != Absent, stocks || op.Remaining != Absent
		epochs = epochs || op.Epoch != NoEpoch
	}
	return seqs, stocks, epochs
}

// forget drops from a state what no answer shows, so that states which differ only there are one.
func forget(s *porcupineState, op *Op, seqs, stocks, epochs bool) {
	if !seqs {
		s.Seq = 0
	}
	if !epochs {
		s.Epoch = 0
	}
	if op.ID >= 0 && op.Kind != Read && op.Outcome != Duplicate {
		if !seqs {
			s.ids[op.ID].seq = 0
		}
		if !stocks {
			s.ids[op.ID].remaining = 0
		}
	}
}
