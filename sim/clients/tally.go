package clients

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/workload"
)

// Summary is what the clients of a run were told. Order lines are counted once each, by their final
// outcome: a line that was granted and then cancelled is cancelled, whoever cancelled it.
type Summary struct {
	Orders    int
	Lines     int // = Granted + Rejected + Cancelled + Undecided + Refused
	Granted   int // wholly, partially, or as a backorder
	Rejected  int
	Cancelled int // before or after its decision, or expired
	Undecided int // nobody told its client
	Refused   int // not accepted: against the contract, or a mismatch

	Restocks, Adjusts, Returns int   // that were granted, the initial stock not counted
	Reads                      int   // requests
	Duplicates                 int64 // answers that were remembered, not decided
	Retries                    int64 // requests that were sent again

	UnitsGranted  int64 // of the lines that count as granted
	UnitsSupplied int64 // initial stock, restocks and adjustments
	UnitsReturned int64

	// Supply is what came in per lane, sorted; lanes with a command whose outcome nobody knows are left
	// out.
	Supply []checks.Supply

	P50, P99 time.Duration // from submitting an order to knowing all its decisions
	Elapsed  time.Duration // of the steps, without the initial stock
	Refusal  error         // the first, if anything was refused

	granted []*soldLine // that count as granted
}

// Decisions is how many decisions clients were told of, of orders and of whatever else moves stock.
func (s Summary) Decisions() int {
	return s.Granted + s.Rejected + s.Cancelled + s.Restocks + s.Adjusts + s.Returns
}

// Final is the summary with what happened to granted lines behind their clients' backs: the books say
// which of them were given back since, by the saga of an all-or-nothing order that lost a line, by a
// deadline, or by a cancel whose client went on without its decision.
func (s Summary) Final(a checks.Audit) Summary {
	givenBack := make(map[model.ID]bool)
	for _, l := range a.Lines {
		givenBack[l.Command] = l.State == model.LineReleased || l.State == model.LineExpired
	}
	held := make([]*soldLine, 0, len(s.granted))
	for _, l := range s.granted {
		if !givenBack[l.answer.Command] {
			held = append(held, l)
			continue
		}
		s.Granted--
		s.Cancelled++
		s.UnitsGranted -= l.granted()
	}
	s.granted = held
	return s
}

// tally adds up. Safe for concurrent use.
type tally struct {
	mu        sync.Mutex
	s         Summary
	began     time.Time
	all       []*soldLine
	open      []openRequest
	latencies []time.Duration
	supply    map[model.LaneKey]int64
	unsure    map[model.LaneKey]int // commands on the lane whose outcome nobody knows
}

// openRequest was undecided when its client went on; then is what to do once no more is to be learnt.
type openRequest struct {
	*pending
	then func()
}

func newTally() *tally {
	return &tally{supply: map[model.LaneKey]int64{}, unsure: map[model.LaneKey]int{}}
}

// supplied checks that the initial stock is in.
func (t *tally) supplied(all []workload.Initial) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range all {
		if in := t.supply[s.Lane]; in != s.Units {
			return fmt.Errorf("of %d units of %q only %d were granted in time", s.Units, s.Lane.SKU, in)
		}
	}
	return nil
}

// start ends the counting of the initial stock.
func (t *tally) start(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = now
	t.s.Restocks, t.s.Duplicates, t.s.Retries = 0, 0, 0
}

func (t *tally) answered(as []inventory.Answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range as {
		if a.Duplicate {
			t.s.Duplicates++
		}
	}
}

func (t *tally) refused(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.s.Refusal == nil {
		t.s.Refusal = err
	}
}

func (t *tally) retried() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Retries++
}

func (t *tally) read() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Reads++
}

func (t *tally) lines(ls []*soldLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, ls...)
}

// order counts an order whose client goes on.
func (t *tally) order(p *pending, took time.Duration) {
	t.await(p, func() {})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Orders++
	if !slices.ContainsFunc(p.answers, func(a inventory.Answer) bool { return a.Status != inventory.Decided }) {
		t.latencies = append(t.latencies, took)
	}
}

func (t *tally) done() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.s.Orders
}

// command counts a command that is no order line.
func (t *tally) command(p *pending) {
	t.effect(p)
	t.await(p, func() { t.effect(p) })
}

// effect adds what a command did, as soon as it is decided.
func (t *tally) effect(p *pending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, a := p.Commands[0], p.answers[0]
	unknown := a.Status == inventory.Pending || a.Status == inventory.Absent
	switch {
	case unknown && !p.unsure:
		p.unsure = true
		t.unsure[c.Lane()]++
	case !unknown && p.unsure:
		p.unsure = false
		t.unsure[c.Lane()]--
	}
	if a.Status != inventory.Decided || !a.Outcome.Grants() {
		return
	}
	switch c.Kind {
	case model.Restock:
		t.s.Restocks++
		t.supply[c.Lane()] += a.Granted
	case model.Adjust:
		t.s.Adjusts++
		t.supply[c.Lane()] += a.Granted
	case model.Return:
		t.s.Returns++
		t.s.UnitsReturned += a.Granted
	}
}

// await keeps a request that is still undecided for the end of the run.
func (t *tally) await(p *pending, then func()) {
	if !p.isOpen() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = append(t.open, openRequest{p, then})
}

// left is what was undecided when its client went on.
func (t *tally) left() []openRequest {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}

// summary counts the order lines by their final outcome.
func (t *tally) summary(now time.Time) Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.s
	s.Lines, s.Elapsed = len(t.all), now.Sub(t.began)
	for _, l := range t.all {
		switch a := l.answer; {
		case a.Status == inventory.Pending || a.Status == inventory.Absent:
			s.Undecided++
		case a.Status != inventory.Decided:
			s.Refused++
		case l.cancelled || a.Outcome == model.RejectedCancelled || a.Outcome == model.RejectedExpired:
			s.Cancelled++
		case a.Outcome.Grants():
			s.Granted++
			s.UnitsGranted += a.Granted
			s.granted = append(s.granted, l)
		default:
			s.Rejected++
		}
	}
	for k, units := range t.supply {
		s.UnitsSupplied += units
		if t.unsure[k] == 0 {
			s.Supply = append(s.Supply, checks.Supply{Lane: k, Units: units})
		}
	}
	slices.SortFunc(s.Supply, func(x, y checks.Supply) int { return x.Lane.Compare(y.Lane) })
	slices.Sort(t.latencies)
	if n := len(t.latencies); n > 0 {
		s.P50, s.P99 = t.latencies[(n-1)*50/100], t.latencies[(n-1)*99/100]
	}
	return s
}
