package checks

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"

	"stockproof/model"
)

// bareState is a lane and those of its lines that other commands refer to. Values are never changed in
// place: porcupine keeps old ones.
type bareState struct {
	lane  model.Lane
	lines []model.Line // one per referred command, in the order of their first mention
}

// bareModel steps model.Decide. The lane's seq and the history of its stock are no part of what bare
// answers show, so that states that differ only there are one.
func bareModel(k model.LaneKey, ops []Operation, o BareOptions) porcupine.Model {
	at := map[model.ID]int{}
	for _, op := range ops {
		if ref := op.Command.Ref; !ref.IsZero() {
			if _, known := at[ref]; !known {
				at[ref] = len(at)
			}
		}
	}
	versioned := slices.ContainsFunc(ops, func(op Operation) bool { return op.Command.Set.Present })
	start := bareState{lane: model.Lane{Key: k}, lines: make([]model.Line, len(at))}
	for _, l := range o.Initial {
		if l.Key == k {
			start.lane = l
		}
	}
	return porcupine.Model{
		Init: func() any { return start },
		Step: func(state, input, output any) (bool, any) {
			return bareStep(state.(bareState), input.(model.Command), output.(model.Decision), at, versioned)
		},
		Equal: func(x, y any) bool {
			a, b := x.(bareState), y.(bareState)
			return a.lane == b.lane && slices.Equal(a.lines, b.lines)
		},
		DescribeOperation: func(input, output any) string {
			return operationText(&Header{Names: o.Names}, Operation{Command: input.(model.Command), Decision: output.(model.Decision)})
		},
		DescribeState: func(state any) string { // becomes HTML: numbers only
			l := state.(bareState).lane
			return fmt.Sprintf("%d available, %d reserved", l.Avail(), l.Reserved)
		},
	}
}

// bareStep decides one command and compares with what its client was told, if it was told anything.
func bareStep(s bareState, c model.Command, told model.Decision, at map[model.ID]int,
	versioned bool) (bool, bareState) {
	own, isReferred := at[c.ID]
	ref, refers := at[c.Ref]
	state := model.State{Lane: s.lane}
	if isReferred {
		state.Own = s.lines[own]
	}
	if refers {
		state.Ref = s.lines[ref]
	}
	next, d := model.Decide(state, c)
	if told.Decided() && (d.Outcome != told.Outcome || d.Granted != told.Granted) {
		return false, s
	}
	s.lane = next.Lane
	s.lane.Seq = min(s.lane.Seq, 1)
	if !versioned {
		s.lane.StockVersion = 0
	}
	if isReferred || refers {
		s.lines = slices.Clone(s.lines)
	}
	if isReferred {
		s.lines[own] = next.Own
	}
	if refers {
		s.lines[ref] = next.Ref
	}
	return true, s
}
