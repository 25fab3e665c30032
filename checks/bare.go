package checks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"stockproof/model"
)

// BareOptions bounds the search of [Bare]. The problem is NP-hard (with restocks, even without unknown
// outcomes); measured, porcupine decides 1 000 operations of one key at 8 clients and is lost at 64.
type BareOptions struct {
	Initial       []model.Lane  // the lanes at the start; others are unknown
	MaxOperations int           // per lane; 0: 1 000
	MaxClients    int           // concurrent operations per lane; 0: 8
	Timeout       time.Duration // per lane; 0: 5 s
	// Names are what clients call orders and commands, for the evidence; may be nil.
	Names map[model.ID]string
}

func (o BareOptions) withDefaults() BareOptions {
	o.MaxOperations = cmp.Or(o.MaxOperations, 1000)
	o.MaxClients = cmp.Or(o.MaxClients, 8)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	return o
}

// Operation is one command as its clients saw it, all attempts together.
type Operation struct {
	Command  model.Command
	Client   int32
	Call     int64          // of the first attempt
	Return   int64          // of the first answer; [Open] if there was none
	Decision model.Decision // outcome 0: nobody knows
	Event    int            // number of the first call in the history
}

// Open is the Return of an operation that was never answered: it may take effect at any time, or never.
const Open int64 = math.MaxInt64

// Operations gathers the events of clients by command: a command takes effect between its first call
// and its first answer, however often it was sent.
func Operations(events []Event) []Operation {
	calls := newCalls()
	at := map[model.ID]int{}
	var ops []Operation
	for i, e := range events {
		calls.note(e)
		told, answered := calls.answer(i+1, e)
		switch e := e.(type) {
		case Call:
			if _, known := at[e.Command.ID]; !known {
				at[e.Command.ID] = len(ops)
				ops = append(ops, Operation{Command: e.Command, Client: e.Client, Call: e.At, Return: Open,
					Event: i + 1})
			}
		case Return:
			if answered && told.decision.Decided() {
				op := &ops[at[told.command.ID]]
				if e.At < op.Return {
					op.Return, op.Decision = e.At, told.decision
				}
			}
		}
		calls.forget(e)
	}
	return ops
}

// Bare judges a small history linearizable from what clients were told alone: per lane, is there an
// order of the operations that respects real time and in which model.Decide gives every answer? Seqs
// are not used. It answers one report per lane, in lane order; what is too large, ran out of time, or
// cannot be judged lane by lane (a TRANSFER, an all-or-nothing order of several lines) is undecided,
// with the reason.
func Bare(ops []Operation, o BareOptions) []Report {
	o = o.withDefaults()
	lanes, perLane, units := byLane(ops)
	var reports []Report
	for _, k := range lanes {
		r := undecided(Linearizable, notJudged(perLane[k], units, ops, o))
		if r.Why == "" {
			r = judgeLane(k, perLane[k], o)
		}
		r.Why = fmt.Sprintf("lane %s: %s", laneName(k), r.Why)
		if r.Verdict == Pass {
			r.Why = ""
		}
		reports = append(reports, r)
	}
	return reports
}

// byLane are the lanes of a history in order, the operations of each, and how many lines every all-or-nothing order has.
func byLane(ops []Operation) (lanes []model.LaneKey, perLane map[model.LaneKey][]Operation, units map[model.ID]int) {
	perLane, units = map[model.LaneKey][]Operation{}, map[model.ID]int{}
	for _, op := range ops {
		k := op.Command.Lane()
		if len(perLane[k]) == 0 {
			lanes = append(lanes, k)
		}
		perLane[k] = append(perLane[k], op)
		if op.Command.Kind == model.Reserve && op.Command.Policy == model.AllOrNothing {
			units[op.Command.OrderID]++
		}
	}
	slices.SortFunc(lanes, model.LaneKey.Compare)
	return lanes, perLane, units
}

// notJudged is why a lane's history is not searched; "" if it is.
func notJudged(ops []Operation, units map[model.ID]int, all []Operation, o BareOptions) string {
	if len(ops) > o.MaxOperations {
		return fmt.Sprintf("%d operations are more than %d: not judged", len(ops), o.MaxOperations)
	}
	if n := overlap(ops); n > o.MaxClients {
		return fmt.Sprintf("%d operations at once are more than %d: not judged", n, o.MaxClients)
	}
	for _, op := range ops {
		if op.Command.Kind == model.Reserve && units[op.Command.OrderID] > 1 {
			return "an all-or-nothing order has several lines: not judged lane by lane"
		}
	}
	lane := ops[0].Command.Lane()
	lanes := map[model.ID]model.LaneKey{} // of commands, and of what refers to them
	for _, op := range all {
		lanes[op.Command.ID] = op.Command.Lane()
	}
	for _, op := range all {
		k := op.Command.Lane()
		if op.Command.Ref.IsZero() {
			continue
		}
		other, known := lanes[op.Command.Ref]
		if known && other != k && (other == lane || k == lane) {
			return "a command refers to a line of another lane: not judged lane by lane"
		}
		lanes[op.Command.Ref] = k
	}
	for _, op := range all {
		if op.Command.Kind == model.Transfer && (op.Command.Lane() == lane || op.Command.ToLane() == lane) {
			return "a TRANSFER touches two lanes: not judged lane by lane"
		}
	}
	return ""
}

// overlap is the largest number of operations under way at one time. One that was never answered is
// under way for ever.
func overlap(ops []Operation) (most int) {
	type edge struct {
		at    int64
		opens int
	}
	var edges []edge
	for _, op := range ops {
		edges = append(edges, edge{op.Call, 1}, edge{op.Return, -1})
	}
	// Intervals are closed: at one time, opening comes before closing.
	slices.SortFunc(edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(y.opens, x.opens))
	})
	now := 0
	for _, e := range edges {
		now += e.opens
		most = max(most, now)
	}
	return most
}

// search lets porcupine look for a linearization.
func search(k model.LaneKey, ops []Operation, o BareOptions) (porcupine.Model, porcupine.CheckResult, porcupine.LinearizationInfo) {
	rows := bareRows(ops)
	history := make([]porcupine.Operation, len(ops))
	for i, op := range ops {
		history[i] = porcupine.Operation{ClientId: rows[i], Input: op.Command, Call: op.Call,
			Output: op.Decision, Return: op.Return, Metadata: i}
	}
	m := bareModel(k, ops, o)
	result, info := porcupine.CheckOperationsVerbose(m, history, o.Timeout)
	return m, result, info
}

// judgeLane searches for a linearization.
func judgeLane(k model.LaneKey, ops []Operation, o BareOptions) Report {
	_, result, info := search(k, ops, o)
	switch result {
	case porcupine.Ok:
		return Report{Guarantee: Linearizable, Verdict: Pass}
	case porcupine.Unknown:
		return undecided(Linearizable, fmt.Sprintf("no answer within %s for %d operations", o.Timeout, len(ops)))
	}
	var f findings
	offender, last := unexplained(ops, info)
	h := &Header{Names: o.Names}
	evidence := []Evidence{operationEvidence(h, Offender, offender)}
	why := "no order of the operations explains the answers; " + operationText(h, offender) + " fits in none"
	if last != nil {
		evidence = append(evidence, operationEvidence(h, Witness, *last))
	}
	f.add(offender.Command.Qty, why, evidence...)
	return f.report(Linearizable)
}

// unexplained is the first answered operation that the longest order found leaves out, and the last one
// of that order.
func unexplained(ops []Operation, info porcupine.LinearizationInfo) (Operation, *Operation) {
	var longest []porcupine.Operation
	for _, partition := range info.PartialLinearizationsOperations() {
		for _, order := range partition {
			if len(order) > len(longest) {
				longest = order
			}
		}
	}
	in := make([]bool, len(ops))
	for _, p := range longest {
		in[p.Metadata.(int)] = true
	}
	first := -1
	for i := range ops {
		if !in[i] && (first < 0 || ops[i].Return < ops[first].Return) {
			first = i
		}
	}
	if len(longest) == 0 {
		return ops[max(first, 0)], nil
	}
	return ops[max(first, 0)], &ops[longest[len(longest)-1].Metadata.(int)]
}

func operationText(h *Header, op Operation) string {
	if op.Decision.Decided() {
		return fmt.Sprintf("%s -> %s", h.commandText(op.Command), decisionText(op.Decision))
	}
	return h.commandText(op.Command) + " -> unknown"
}

func operationEvidence(h *Header, role Role, op Operation) Evidence {
	return Evidence{Role: role, Event: op.Event, Command: op.Command.ID, Order: op.Command.OrderID,
		Lane: op.Command.Lane(), Units: op.Decision.Granted, Text: operationText(h, op)}
}
