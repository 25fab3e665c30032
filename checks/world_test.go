package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"stockproof/model"
)

// world is a ledger design in miniature: it decides commands with model.Decide, remembers them, and
// writes down what a real run would leave.
type world struct {
	header   Header
	events   []Event
	lanes    map[model.LaneKey]model.Lane
	lines    map[model.ID]model.Line
	commands []CommandRow
	decided  map[model.ID]model.Decision
	ledger   []LedgerRow
	clock    int64
	attempt  uint64

	// ownReason: a line that fits alone and not behind its siblings says REJECTED_SIBLING too; otherwise
	// it says REJECTED_INSUFFICIENT. Both are right.
	ownReason bool
}

const worldEpoch = 7 << model.EpochShift

func newWorld() *world {
	return &world{header: Header{Design: "miniature", Claims: Guarantees(), Capability: LedgerRows,
		Names: map[model.ID]string{}}, lanes: map[model.LaneKey]model.Lane{},
		lines: map[model.ID]model.Line{}, decided: map[model.ID]model.Decision{}}
}

// id names something so that evidence shows the name.
func (w *world) id(name string) model.ID {
	id := model.NameID("test", name)
	w.header.Names[id] = name
	return id
}

func at(sku model.SKU) model.LaneKey { return model.LaneKey{SKU: sku, Loc: model.MainLocation} }

func (w *world) reserve(order string, no int32, sku model.SKU, qty int64, p model.Policy) model.Command {
	name := order
	if no > 1 {
		name = fmt.Sprintf("%s/%d", order, no)
	}
	return model.Command{ID: w.id("reserve " + name), Kind: model.Reserve, SKU: sku,
		Loc: model.MainLocation, OrderID: w.id(order), Line: no, Qty: qty, Policy: p}
}

func (w *world) command(name string, k model.Kind, sku model.SKU) model.Command {
	return model.Command{ID: w.id(name), Kind: k, SKU: sku, Loc: model.MainLocation}
}

func (w *world) restock(name string, sku model.SKU, qty int64) model.Command {
	c := w.command(name, model.Restock, sku)
	c.Qty = qty
	return c
}

func (w *world) refer(name string, k model.Kind, ref model.Command) model.Command {
	c := w.command(name, k, ref.SKU)
	c.Ref = ref.ID
	return c
}

// send is one client call: a known command is answered from memory.
func (w *world) send(c model.Command) model.Decision {
	d, known := w.decided[c.ID]
	if !known {
		d = w.settle(c)
	}
	w.record(c, d, known)
	return d
}

func (w *world) record(c model.Command, d model.Decision, duplicate bool) {
	w.attempt++
	w.events = append(w.events, Call{Attempt: w.attempt, At: w.tick(), Command: c},
		Return{Attempt: w.attempt, At: w.tick(), Decision: d, Duplicate: duplicate})
}

func (w *world) tick() int64 { w.clock++; return w.clock }

func (w *world) settle(c model.Command) model.Decision {
	return w.keep(c, w.state(c), model.Decide)
}

func (w *world) state(c model.Command) model.State {
	s := model.State{Lane: w.lane(c.Lane()), Own: w.lines[c.ID], Ref: w.lines[c.Ref]}
	if c.Kind == model.Transfer {
		s.To = w.lane(c.ToLane())
	}
	return s
}

func (w *world) lane(k model.LaneKey) model.Lane {
	l := w.lanes[k]
	l.Key = k
	return l
}

func (w *world) keep(c model.Command, s model.State,
	decide func(model.State, model.Command) (model.State, model.Decision)) model.Decision {
	next, d := decide(s, c)
	w.decided[c.ID] = d
	w.commands = append(w.commands, CommandRow{Command: c, Decision: d})
	if c.Kind == model.Reserve && next.Own.State != model.LineAbsent {
		w.lines[c.ID] = next.Own
	}
	if !c.Ref.IsZero() && next.Ref.State != model.LineAbsent {
		w.lines[c.Ref] = next.Ref
	}
	if d.Seq > 0 {
		w.lanes[c.Lane()] = next.Lane
		w.row(next.Lane, c, d, 0)
	}
	if d.ToSeq > 0 {
		w.lanes[c.ToLane()] = next.To
		w.row(next.To, c, d, 1)
	}
	return d
}

func (w *world) row(l model.Lane, c model.Command, d model.Decision, leg int16) {
	w.ledger = append(w.ledger, LedgerRow{Lane: l.Key, Seq: l.Seq, Epoch: worldEpoch, Command: c.ID,
		Leg: leg, Kind: c.Kind, Qty: c.Qty, Outcome: d.Outcome, Granted: d.Granted, OnHandAfter: l.OnHand,
		ReservedAfter: l.Reserved, AvailAfter: l.Avail()})
}

// order sends the lines of one all-or-nothing order as one unit: evaluated one on top of the other,
// then all applied or all given up.
func (w *world) order(lines ...model.Command) {
	trial := &world{header: w.header, lanes: map[model.LaneKey]model.Lane{},
		lines: map[model.ID]model.Line{}, decided: map[model.ID]model.Decision{}}
	for _, c := range lines {
		trial.lanes[c.Lane()] = w.lane(c.Lane())
		trial.lines[c.ID], trial.lines[c.Ref] = w.lines[c.ID], w.lines[c.Ref]
	}
	refused := false
	for _, c := range lines {
		refused = !trial.settle(c).Outcome.Grants() || refused
		if w.ownReason { // a line that would not be granted alone keeps its reason, no other does
			_, alone := model.Decide(w.state(c), c)
			trial.decided[c.ID] = alone
		}
	}
	for _, c := range lines {
		if !refused {
			w.send(c)
			continue
		}
		o := trial.decided[c.ID].Outcome
		if o.Grants() {
			o = model.RejectedSibling
		}
		d := w.keep(c, w.state(c), func(s model.State, c model.Command) (model.State, model.Decision) {
			if !s.Lane.Known() {
				return model.Decide(s, c)
			}
			return model.Refuse(s, c, o)
		})
		w.record(c, d, false)
	}
}

// history is what the run leaves.
func (w *world) history() History {
	h := History{Header: w.header, Events: slices.Clone(w.events)}
	h.Audit = Audit{Commands: slices.Clone(w.commands), Ledger: slices.Clone(w.ledger), SpeedRead: true, StateRead: true, HeldRead: true}
	supply := map[model.LaneKey]int64{}
	for _, r := range w.ledger {
		switch {
		case !r.Outcome.Grants():
		case r.Kind == model.Restock, r.Kind == model.Adjust, r.Kind == model.Transfer && r.Leg == 1:
			supply[r.Lane] += r.Granted
		case r.Kind == model.Transfer:
			supply[r.Lane] -= r.Granted
		}
	}
	for _, k := range sortedKeys(w.lanes, model.LaneKey.Compare) {
		l := w.lanes[k]
		h.Audit.Lanes = append(h.Audit.Lanes, Lane{l, worldEpoch})
		h.Audit.State = append(h.Audit.State, Footprint{SKU: k.SKU, Keys: 2, Bytes: 300})
		shown := Shown{Lane: k, Found: true, Epoch: worldEpoch, Seq: l.Seq, Avail: l.Avail()}
		h.Audit.Speed = append(h.Audit.Speed, shown)
		h.Audit.Supply = append(h.Audit.Supply, Supply{k, supply[k]})
	}
	h.Audit.Feeds = []Feed{{"web", slices.Clone(h.Audit.Speed)}, {"erp", slices.Clone(h.Audit.Speed)}}
	for _, id := range sortedKeys(w.lines, model.ID.Compare) {
		if l := w.lines[id]; l.State != model.LineAbsent {
			h.Audit.Lines = append(h.Audit.Lines, l)
		}
	}
	return h
}

func sortedKeys[K comparable, V any](m map[K]V, compare func(K, K) int) []K {
	var keys []K
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	return keys
}

// reportOn picks the report on one guarantee.
func reportOn(t *testing.T, reports []Report, g Guarantee) Report {
	t.Helper()
	for _, r := range reports {
		if r.Guarantee == g {
			return r
		}
	}
	t.Fatalf("no report on %s", g)
	return Report{}
}

// wantClean fails the test for every guarantee that does not pass, but for those that cannot be seen.
func wantClean(t interface {
	Helper()
	Errorf(string, ...any)
}, reports []Report) {
	t.Helper()
	for _, r := range reports {
		if r.Verdict != Pass && !r.NotChecked {
			t.Errorf("%s: %s: %s\n%s", r.Guarantee, r.Verdict, r.Why, evidenceText(r))
		}
	}
}

func evidenceText(r Report) string {
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, "- "+f.Why)
		for _, e := range f.Evidence {
			lines = append(lines, "  "+e.String())
		}
	}
	return strings.Join(lines, "\n")
}

// wantFail checks that the guarantee is broken by so many units (-1: any), with every text somewhere in
// why or evidence.
func wantFail(t *testing.T, reports []Report, g Guarantee, units int64, texts ...string) {
	t.Helper()
	r := reportOn(t, reports, g)
	if r.Verdict != Fail {
		t.Fatalf("%s is %s (%s), want fail; reports:\n%s", g, r.Verdict, r.Why, allText(reports))
	}
	if units >= 0 && r.Severity != (Severity{units, Units}) {
		t.Errorf("%s: severity %s, want %d units: %s", g, r.Severity, units, r.Why)
	}
	for _, f := range r.Findings {
		if len(f.Evidence) == 0 {
			t.Errorf("%s shows nothing of: %s", g, f.Why)
		}
	}
	all := r.Why + "\n" + evidenceText(r)
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%s does not say %q:\n%s", g, text, all)
		}
	}
}

func allText(reports []Report) string {
	var b strings.Builder
	for _, r := range reports {
		fmt.Fprintf(&b, "%s: %s: %s\n", r.Guarantee, r.Verdict, r.Why)
	}
	return b.String()
}
