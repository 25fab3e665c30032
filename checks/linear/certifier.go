package linear

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Certifier judges the history of one key whose complete ledger will be read at rest, while it happens: in O(1) per
// event, without allocating but to grow, whatever the order in which versions are answered. The ledger is the
// certificate: at the end it is replayed against the specification, every answer is found in it, and what was not
// answered is what it says. All that has to be judged before is real time, which is one number: an operation notes
// the greatest version that had been returned before its call, its floor, and must stand above it.
//
// It remembers 24 bytes by id, how the greatest version rose, and what was read at versions that no recent answer
// shows. An id is one operation, from its first call to its first answer; every operation but a read has one. Returns
// come in the order of their times, calls may be told late. A certifier belongs to one goroutine.
type Certifier struct {
	spec    Spec
	ids     paged[toldOf]
	top     int64 // greatest version that was returned
	rises   paged[rise]
	risen   int64
	recent  shownLately
	later   []observed // reads of versions that nobody was answered for, and refusals that took none
	dropped []int32    // places in later that are free again
	problem Report     // the first; its Why is "" while there is none
	behind  int64      // the version that the problem contradicts; Absent: none
}

// toldOf is what a certifier remembers of an id.
type toldOf struct {
	seq   int64  // of its answer; before that: its floor
	stock int64  // of its answer; before that: how many of its calls were not answered
	what  uint32 // of its answer, in short ([Op.InShort]), or one of those below
	ref   int32  // by which the caller knows it
}

const (
	unasked   uint32 = iota
	asked            // and not answered
	declined         // nothing came of it
	remembers        // only a duplicate was answered
	answers          // the least that stands for an answer
)

// rise is the greatest version from a time on.
type rise struct{ at, top int64 }

// observed is an answer that took no version.
type observed struct {
	op  Op
	ref int32
}

// NewCertifier starts a history at the specification's initial state.
func NewCertifier(spec Spec) *Certifier {
	return &Certifier{spec: spec, top: spec.Initial.Seq, behind: Absent}
}

// Call takes that an operation was sent. ref is given back in the [Evidence] as its index.
func (c *Certifier) Call(op *Op, ref int32) {
	if op.ID < 0 {
		return
	}
	a := c.ids.at(op.ID)
	switch floor := c.before(op.Call); {
	case a.what == unasked || a.what == asked && a.stock == 0:
		*a = toldOf{seq: floor, stock: 1, what: asked, ref: ref}
	case a.what == asked:
		a.seq, a.stock = min(a.seq, floor), a.stock+1
	}
}

// Return takes an answer: op with its Call, its Return and what it was told, the stock only if that was shown.
func (c *Certifier) Return(op *Op, ref int32) {
	takes := takesVersion(op, c.spec.Sequenced)
	if why := op.flaw(Bare, Open); why != "" || op.Kind != Read && op.ID < 0 || op.answered() && (op.Seq == Absent || !takes &&
		op.Remaining == Absent) {
		c.undecided("%v %s", op, cmp.Or(why, "does not say where it stands"))
		return
	}
	switch {
	case !op.answered():
		c.undecided("%v was returned without an outcome", op)
	case op.Outcome == Duplicate:
		c.duplicate(op, ref)
	case takes:
		c.mutation(op, ref)
	default:
		c.observer(op, ref)
	}
	if op.Seq > c.top {
		c.rise(op.Return, op.Seq)
	}
}

func (c *Certifier) mutation(op *Op, ref int32) {
	a := c.ids.at(op.ID)
	switch {
	case a.what >= answers:
		c.fail(RuleOnce, fmt.Sprintf("id %d took effect at version %d and at %d", op.ID, a.seq, op.Seq), op, ref, a.seq)
	case a.what == remembers && (a.seq != op.Seq || a.stock != op.Remaining):
		c.fail(RuleOnce, fmt.Sprintf("id %d was answered as known with version %d, and now with %d", op.ID, a.seq, op.Seq), op, ref,
			a.seq)
	case a.what == asked && op.Seq <= a.seq:
		c.early(op, ref, a.seq)
	case a.what == unasked:
		c.undecided("%v was returned and not called", op)
	}
	*a = toldOf{op.Seq, op.Remaining, op.InShort(), ref}
	if op.Remaining == Absent {
		return
	}
	v := c.recent.at(op.Seq)
	if v.seq == op.Seq && v.read != none {
		if v.stock != op.Remaining {
			c.fail(RuleAnswer, fmt.Sprintf("at version %d the stock is %d, not %d", op.Seq, v.stock, op.Remaining), op, ref, op.Seq)
		}
		c.drop(v.read) // the answer says the same, and is looked up in the ledger
	}
	*v = shownAt{op.Seq, op.Remaining, none}
}

// Answered reports whether an id was answered or declined.
func (c *Certifier) Answered(id int64) bool {
	what := c.ids.at(id).what
	return what >= answers || what == declined
}

// Unbound takes that somebody may have asked for an id before every call of it that is known.
func (c *Certifier) Unbound(id int64) {
	if a := c.ids.at(id); a.what == asked {
		a.seq = math.MinInt64
	}
}

// Decline takes that an id was told that nothing came of it, as of the state that the initial version shows.
func (c *Certifier) Decline(id int64, op *Op, ref int32) {
	a := c.ids.at(id)
	if a.what != asked {
		return
	}
	if op.Seq < a.seq {
		c.early(op, ref, a.seq)
	}
	a.what = declined
}

// Drop takes that nothing came of an id, and nothing was seen.
func (c *Certifier) Drop(id int64) {
	if a := c.ids.at(id); a.what == asked {
		a.what = declined
	}
}

func (c *Certifier) duplicate(op *Op, ref int32) {
	a := c.ids.at(op.ID)
	switch {
	case a.what >= remembers && (a.seq != op.Seq || a.stock != op.Remaining):
		c.fail(RuleOnce, fmt.Sprintf("id %d took version %d and left %d, and is answered again in another way", op.ID, a.seq,
			a.stock), op, ref, a.seq)
	case a.what == asked && op.Seq <= a.seq:
		c.early(op, ref, a.seq)
	case a.what == asked:
		*a = toldOf{op.Seq, op.Remaining, remembers, ref}
	}
}

func (c *Certifier) observer(op *Op, ref int32) {
	if floor := c.before(op.Call); op.Seq < floor {
		c.early(op, ref, floor)
	}
	if op.Kind == Read {
		c.read(op, ref)
		return
	}
	if op.ID >= 0 {
		if a := c.ids.at(op.ID); a.what == asked {
			a.stock-- // it was refused
		}
	}
	c.keep(op, ref)
}

// read compares with what was shown of the version. Nobody may have been answered for it yet.
func (c *Certifier) read(op *Op, ref int32) {
	switch v := c.recent.at(op.Seq); {
	case v.seq != op.Seq:
		*v = shownAt{op.Seq, op.Remaining, c.keep(op, ref)}
	case v.stock != op.Remaining:
		c.fail(RuleAnswer, fmt.Sprintf("at version %d the stock is %d, not %d", op.Seq, v.stock, op.Remaining), op, ref, op.Seq)
	}
}

// keep leaves an answer to the end, and says where it is.
func (c *Certifier) keep(op *Op, ref int32) int32 {
	if n := len(c.dropped); n > 0 {
		at := c.dropped[n-1]
		c.dropped, c.later[at] = c.dropped[:n-1], observed{*op, ref}
		return at
	}
	c.later = append(c.later, observed{*op, ref})
	return int32(len(c.later) - 1)
}

func (c *Certifier) drop(at int32) {
	c.later[at].op.Kind = 0
	c.dropped = append(c.dropped, at)
}

// rise notes that a version was returned.
func (c *Certifier) rise(at, top int64) {
	c.top = top
	if c.risen > 0 {
		if last := c.rises.at(c.risen - 1); last.at >= at {
			last.top = top
			return
		}
	}
	*c.rises.at(c.risen) = rise{at, top}
	c.risen++
}

// before is the greatest version that had been returned before a time.
func (c *Certifier) before(at int64) int64 {
	n := c.risen
	if n > 0 && c.rises.at(n-1).at >= at {
		n = int64(sort.Search(int(n), func(i int) bool { return c.rises.at(int64(i)).at >= at }))
	}
	if n == 0 {
		return c.spec.Initial.Seq
	}
	return c.rises.at(n - 1).top
}

// InShort is kind, units and outcome in 32 bits, at least 4: two that differ look alike with a chance of one in 2^32.
func (o *Op) InShort() uint32 {
	h := uint64(o.Kind)<<8 | uint64(o.Outcome)
	h = (h*0x9E3779B97F4A7C15 ^ uint64(o.Qty)) * 0x9E3779B97F4A7C15
	return max(uint32(h>>32), answers)
}

func (c *Certifier) undecided(format string, args ...any) {
	if c.problem.Why == "" {
		c.problem = Report{Why: fmt.Sprintf(format, args...)}
	}
}

// early reports what stands at a version although a later one had been returned before its call.
func (c *Certifier) early(op *Op, ref int32, floor int64) {
	why := fmt.Sprintf("version %d had been returned before the call of what stands at %d", floor, op.Seq)
	c.fail(RuleRealTime, why, op, ref, floor)
}

// fail keeps the first broken rule; the ledger will say who is at the version that it contradicts.
func (c *Certifier) fail(rule Rule, why string, op *Op, ref int32, contradicts int64) {
	if c.problem.Why != "" {
		return
	}
	c.problem = failed(rule, why, Evidence{Offender, int(ref), *op, op.String()})
	c.problem.Slice = &Slice{min(contradicts, op.Seq) - 1, max(contradicts, op.Seq)}
	c.behind = contradicts
}

// Problem reports whether something is known to be wrong before the ledger is read.
func (c *Certifier) Problem() bool { return c.problem.Verdict == Fail }

// sortLater puts what was observed in the order of versions.
func (c *Certifier) sortLater() {
	c.later = slices.DeleteFunc(c.later, func(o observed) bool { return o.op.Kind == 0 })
	slices.SortStableFunc(c.later, func(x, y observed) int {
		return cmp.Or(cmp.Compare(x.op.Seq, y.op.Seq), cmp.Compare(x.op.Call, y.op.Call))
	})
}
