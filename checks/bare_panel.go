package checks

import (
	"fmt"
	"io"

	"github.com/anishathalye/porcupine"

	"stockproof/checks/linear"
	"stockproof/model"
)

// bareTextMost is how many operations are listed where nothing can be drawn.
const bareTextMost = 400

// DrawBare writes porcupine's page about the operations of one lane as their clients saw them: an order in which the
// specification gives every answer, or how far each order came. What [Bare] would not search, or found no answer for in
// time, it lists as text and says so in an error that [linear.IsText] knows. [ErrNoPanel]: the lane has no operations.
func DrawBare(w io.Writer, ops []Operation, lane model.LaneKey, o BareOptions) error {
	o = o.withDefaults()
	_, perLane, units := byLane(ops)
	here := perLane[lane]
	if len(here) == 0 {
		return ErrNoPanel
	}
	why := notJudged(here, units, ops, o)
	if why == "" {
		m, result, info := search(lane, here, o)
		if result != porcupine.Unknown {
			return porcupine.Visualize(m, info, w)
		}
		why = fmt.Sprintf("porcupine found no answer within %s", o.Timeout)
	}
	h := &Header{Names: o.Names}
	for i, op := range here {
		if i == bareTextMost {
			fmt.Fprintf(w, "... and %d more\n", len(here)-i)
			break
		}
		fmt.Fprintf(w, "client %d: %s\n", op.Client, operationText(h, op))
	}
	return &linear.ExplainError{Why: why}
}

// bareRows are the rows that operations are drawn on: a client's own, or one behind those of all clients where the
// client has called again at the time of an answer or without waiting for one, as it does after its patience.
func bareRows(ops []Operation) []int {
	last := 0
	for _, op := range ops {
		last = max(last, int(op.Client))
	}
	rows, until := make([]int, len(ops)), map[int]int64{}
	for i, op := range ops {
		row := int(op.Client)
		if end, drawn := until[row]; drawn && end >= op.Call {
			last++
			row = last
		}
		rows[i], until[row] = row, max(until[row], op.Return)
	}
	return rows
}
