package linear

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// explainMost is how many operations porcupine is given to draw: 440 took it 0.2 to 5 ms at 64 clients.
const explainMost = 400

// Explain writes porcupine's page about the operations whose versions are in the slice, widened as far as that stays
// small, beginning with the state that an answer shows. It is for looking, not for judging: what refers to operations
// before the slice is left out. Where the slice is too large, no answer shows where it begins, or porcupine finds no
// answer within the limits, it writes the operations as text and says so in an [ExplainError].
func Explain(w io.Writer, ops []Op, spec Spec, slice Slice, limits PorcupineLimits) error {
	begin, why := spec.Initial, ""
	var part []Op
	for _, margin := range []int64{64, 16, 4, 1} { // a failing slice takes porcupine longer than one that passes
		from := max(slice.From-margin, begin.Seq)
		spec.Initial = begin
		part, spec.Initial = cut(part[:0], ops, spec, from, slice.To+margin)
		switch {
		case len(part) > explainMost:
			why = fmt.Sprintf("%d operations are more than %d", len(part), explainMost)
			continue
		case spec.Initial.Stock == Absent:
			why = "no answer shows the state at its beginning"
			continue
		}
		model := porcupineModel(&spec, part)
		limit := cmp.Or(limits.Timeout, 5*time.Second) / 4
		if result, info := porcupine.CheckOperationsVerbose(model, porcupineOperations(part), limit); result != porcupine.Unknown {
			return porcupine.Visualize(model, info, w)
		}
		why = "porcupine found no answer in time"
	}
	return asText(w, part, why)
}

// asText writes operations as text, and answers why.
func asText(w io.Writer, part []Op, why string) error {
	for i := range part {
		if _, err := fmt.Fprintln(w, part[i]); err != nil {
			return fmt.Errorf("write the slice: %w", err)
		}
	}
	return &ExplainError{why}
}

// ExplainUntil is [Explain] where no versions say where to look: porcupine's page about all operations that were called
// before the operation with index offender had returned; what returned later counts as not answered yet.
func ExplainUntil(w io.Writer, ops []Op, spec Spec, offender int, limits PorcupineLimits) error {
	part := until(ops, offender)
	return draw(w, porcupineModel(&spec, part), part, limits)
}

// ExplainRegister is [ExplainUntil] for the operations of a register ([Register]).
func ExplainRegister(w io.Writer, ops []Op, initial int64, values *Values, offender int, limits PorcupineLimits) error {
	return draw(w, registerModel(initial, values), until(ops, offender), limits)
}

// until is the history as far as it was known when an operation returned. A refusal or a read that was still to be
// answered had changed nothing that somebody saw.
func until(ops []Op, offender int) (part []Op) {
	end := ops[offender].Return
	for _, op := range ops {
		if op.Call > end || op.Outcome == Never {
			continue
		}
		if op.Return > end {
			op.Return, op.Outcome, op.Seq, op.Remaining = Open, Unknown, Absent, Absent
		}
		part = append(part, op)
	}
	slices.SortStableFunc(part, func(x, y Op) int { return cmp.Compare(x.Call, y.Call) })
	return part
}

// draw is porcupine's page about the operations, or text: the last ones, as many as a page has at most.
func draw(w io.Writer, model porcupine.Model, part []Op, limits PorcupineLimits) error {
	last := part[max(0, len(part)-explainMost):]
	if len(part) > explainMost {
		return asText(w, last, fmt.Sprintf("%d operations are more than %d", len(part), explainMost))
	}
	result, info := porcupine.CheckOperationsVerbose(model, porcupineOperations(part), cmp.Or(limits.Timeout, 5*time.Second))
	if result == porcupine.Unknown {
		return asText(w, last, "porcupine found no answer in time")
	}
	return porcupine.Visualize(model, info, w)
}

// ExplainError says why a slice was written as text.
type ExplainError struct{ Why string }

func (e *ExplainError) Error() string { return "the slice is shown as text: " + e.Why }

// IsText reports whether the error of [Explain] only means that it wrote text.
func IsText(err error) bool {
	var text *ExplainError
	return errors.As(err, &text)
}

// cut is the operations between two versions, and the state before them; its Stock is [Absent] if no answer shows it.
func cut(part, ops []Op, spec Spec, from, to int64) ([]Op, State) {
	start := spec.Initial
	start.Seq = from
	if from > spec.Initial.Seq {
		start.Stock = Absent
	}
	here := map[int64]bool{}
	for i := range ops {
		op := &ops[i]
		if op.Seq == from && op.answered() && op.Outcome != Duplicate {
			start.Stock = op.Remaining
		}
		if op.Seq > from && op.Seq <= to && op.Outcome != Duplicate && op.ID >= 0 {
			here[op.ID] = true
		}
	}
	for _, op := range ops {
		inside := op.answered() && op.Seq > from && op.Seq <= to
		if inside && (op.Ref() == Absent || here[op.Ref()]) && (op.Outcome != Duplicate || here[op.ID]) {
			op.Epoch = NoEpoch
			part = append(part, op)
		}
	}
	slices.SortStableFunc(part, func(x, y Op) int { return cmp.Compare(x.Call, y.Call) })
	return part, start
}
