package model

import (
	"fmt"
	"strings"
	"testing"
)

// memory is the settler in miniature: it asks what it knows before it calls Decide, as
// inventory/ledger does with the truth's rows.
type memory struct {
	lanes   map[LaneKey]Lane
	lines   map[ID]Line
	decided map[ID]Decision
	bodies  map[ID]Fingerprint
	order   []Command // first-seen ones, in the order of their decisions
}

func newMemory() *memory {
	return &memory{lanes: map[LaneKey]Lane{}, lines: map[ID]Line{}, decided: map[ID]Decision{},
		bodies: map[ID]Fingerprint{}}
}

func (m *memory) lane(k LaneKey) Lane {
	l := m.lanes[k]
	l.Key = k
	return l
}

func (m *memory) state(c Command) State {
	s := State{Lane: m.lane(c.Lane()), Own: m.lines[c.ID]}
	if !c.Ref.IsZero() {
		s.Ref = m.lines[c.Ref]
	}
	if c.Kind == Transfer {
		s.To = m.lane(c.ToLane())
	}
	return s
}

func (m *memory) settle(c Command) Decision {
	if d, known := m.decided[c.ID]; known {
		return d
	}
	next, d := Decide(m.state(c), c)
	m.decided[c.ID], m.bodies[c.ID] = d, c.Fingerprint()
	m.order = append(m.order, c)
	if d.Seq > 0 {
		m.lanes[c.Lane()] = next.Lane
	}
	if d.ToSeq > 0 {
		m.lanes[c.ToLane()] = next.To
	}
	if c.Kind == Reserve && next.Own.State != LineAbsent {
		m.lines[c.ID] = next.Own
	}
	if !c.Ref.IsZero() && next.Ref.State != LineAbsent {
		m.lines[c.Ref] = next.Ref
	}
	return d
}

// intake inserts the line as pending, if no tombstone is there.
func (m *memory) intake(c Command) {
	if m.lines[c.ID].State == LineAbsent {
		m.lines[c.ID] = Line{Command: c.ID, OrderID: c.OrderID, LineNo: c.Line, Lane: c.Lane(), Qty: c.Qty,
			State: LinePending, Deadline: c.Deadline}
	}
}

// Short commands for tables: ids follow from names.

func reserveOf(name string, qty int64, p Policy) Command {
	return Command{ID: NameID(name), Kind: Reserve, SKU: "A", Loc: MainLocation, OrderID: NameID("order", name),
		Line: 1, Qty: qty, Policy: p}
}

func restockOf(name string, qty int64) Command {
	return Command{ID: NameID(name), Kind: Restock, SKU: "A", Loc: MainLocation, Qty: qty}
}

func onRef(k Kind, name, ref string) Command {
	return Command{ID: NameID(name), Kind: k, SKU: "A", Loc: MainLocation, Ref: NameID(ref)}
}

func returnOf(name, ref string, qty int64) Command {
	c := onRef(Return, name, ref)
	c.Qty = qty
	return c
}

func expireOf(name, ref string, deadline int64) Command {
	c := onRef(Expire, name, ref)
	c.Deadline = deadline
	return c
}

func until(c Command, deadline int64) Command { c.Deadline = deadline; return c }
func at(c Command, loc Location) Command      { c.Loc = loc; return c }
func amends(c Command, ref string) Command    { c.Ref = NameID(ref); return c }

func limits(name string, safety, backorder Optional) Command {
	return Command{ID: NameID(name), Kind: SetLimit, SKU: "A", Loc: MainLocation, Safety: safety,
		BackorderLimit: backorder}
}

func adjustBy(name string, delta int64) Command {
	return Command{ID: NameID(name), Kind: Adjust, SKU: "A", Loc: MainLocation, Delta: Some(delta)}
}

func adjustTo(name string, units, version int64) Command {
	return Command{ID: NameID(name), Kind: Adjust, SKU: "A", Loc: MainLocation, Set: Some(units),
		ExpectedVersion: Some(version)}
}

func moveOf(name string, qty int64, to Location) Command {
	return Command{ID: NameID(name), Kind: Transfer, SKU: "A", Loc: MainLocation, ToLoc: to, Qty: qty}
}

// told prints a decision as the tables write it: outcome, units if it grants, @seq if it has one.
func told(d Decision) string {
	s := d.Outcome.String()
	if d.Outcome.Grants() {
		s += fmt.Sprintf(" %d", d.Granted)
	}
	if d.Backordered > 0 {
		s += fmt.Sprintf(" (%d backordered)", d.Backordered)
	}
	if d.Seq > 0 {
		s += fmt.Sprintf(" @%d", d.Seq)
	}
	if d.ToSeq > 0 {
		s += fmt.Sprintf("/%d", d.ToSeq)
	}
	return s
}

// step is one command of a flow, how it is answered, and what the lane has left then.
type step struct {
	c     Command
	want  string
	avail int64
}

var flows = []struct {
	name   string
	intake []Command // lines that intake inserted before anything was decided
	steps  []step
	lines  string // the state of the lines named in the flow, at the end
}{
	{"grant, partial grant, rejection", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 3, AllOrNothing), "GRANTED 3 @2", 2},
		{reserveOf("b", 3, AllOrNothing), "REJECTED_INSUFFICIENT @3", 2},
		{reserveOf("c", 3, Partial), "PARTIAL 2 @4", 0},
		{reserveOf("d", 1, Partial), "REJECTED_INSUFFICIENT @5", 0},
	}, "a RESERVED 3, b REJECTED 0, c RESERVED 2, d REJECTED 0"},
	{"a rejection stays one after a restock", nil, []step{
		{restockOf("in", 1), "GRANTED 1 @1", 1},
		{reserveOf("a", 2, AllOrNothing), "REJECTED_INSUFFICIENT @2", 1},
		{restockOf("in2", 9), "GRANTED 9 @3", 10},
		{reserveOf("a", 2, AllOrNothing), "REJECTED_INSUFFICIENT @2", 10},
	}, "a REJECTED 0"},
	{"backorder", nil, []step{
		{restockOf("in", 2), "GRANTED 2 @1", 2},
		{limits("l", Optional{}, Some(3)), "GRANTED 0 @2", 2},
		{reserveOf("a", 4, AllOrNothing), "BACKORDERED 4 (2 backordered) @3", -2},
		{reserveOf("b", 2, AllOrNothing), "REJECTED_INSUFFICIENT @4", -2},
		{reserveOf("c", 2, Partial), "PARTIAL 1 (1 backordered) @5", -3},
		{onRef(Commit, "ca", "a"), "REJECTED_INSUFFICIENT @6", -3},
		{restockOf("in2", 2), "GRANTED 2 @7", -1},
		{onRef(Commit, "ca2", "a"), "GRANTED 4 @8", -1},
	}, "a COMMITTED 4, b REJECTED 0, c RESERVED 1"},
	{"cancel before the decision, line pending", []Command{reserveOf("a", 1, Partial)}, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{onRef(Release, "x", "a"), "GRANTED 0 @2", 5},
		{reserveOf("a", 1, Partial), "REJECTED_CANCELLED @3", 5},
		{onRef(Release, "x2", "a"), "NOOP_ALREADY @4", 5},
	}, "a REJECTED 0"},
	{"cancel before intake: a tombstone", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{onRef(Release, "x", "a"), "GRANTED 0 @2", 5},
		{onRef(Release, "x2", "a"), "NOOP_ALREADY @3", 5},
		{reserveOf("a", 1, Partial), "REJECTED_CANCELLED @4", 5},
	}, "a REJECTED 0"},
	{"a tombstone on the wrong lane", nil, []step{
		{at(restockOf("east", 5), "east"), "GRANTED 5 @1", 5},
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{at(onRef(Release, "x", "a"), "east"), "GRANTED 0 @2", 5},
		{reserveOf("a", 1, Partial), "INVALID @2", 5},
		{onRef(Release, "x2", "a"), "INVALID @3", 5},
	}, "a CANCELLED 0"},
	{"a cancel on another lane than its pending line", []Command{reserveOf("a", 1, Partial)}, []step{
		{at(restockOf("east", 5), "east"), "GRANTED 5 @1", 5},
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{at(onRef(Release, "x", "a"), "east"), "INVALID @2", 5},
		{reserveOf("a", 1, Partial), "GRANTED 1 @2", 4},
	}, "a RESERVED 1"},
	{"cancel after the grant gives back once", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 3, Partial), "GRANTED 3 @2", 2},
		{onRef(Release, "x", "a"), "GRANTED 3 @3", 5},
		{onRef(Release, "x2", "a"), "NOOP_ALREADY @4", 5},
		{onRef(Commit, "ca", "a"), "REJECTED_CANCELLED @5", 5},
	}, "a RELEASED 3"},
	{"cancel of a committed or a rejected line", nil, []step{
		{restockOf("in", 1), "GRANTED 1 @1", 1},
		{reserveOf("a", 1, Partial), "GRANTED 1 @2", 0},
		{reserveOf("b", 1, Partial), "REJECTED_INSUFFICIENT @3", 0},
		{onRef(Commit, "ca", "a"), "GRANTED 1 @4", 0},
		{onRef(Commit, "ca2", "a"), "NOOP_ALREADY @5", 0},
		{onRef(Release, "xa", "a"), "NOOP_ALREADY @6", 0},
		{onRef(Release, "xb", "b"), "NOOP_ALREADY @7", 0},
	}, "a COMMITTED 1, b REJECTED 0"},
	{"expiry, and one with a deadline that was moved", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{until(reserveOf("a", 2, Partial), 100), "GRANTED 2 @2", 3},
		{expireOf("e90", "a", 90), "NOOP_ALREADY @3", 3},
		{expireOf("e100", "a", 100), "GRANTED 2 @4", 5},
		{onRef(Commit, "ca", "a"), "REJECTED_EXPIRED @5", 5},
	}, "a EXPIRED 2"},
	{"a line without a deadline does not expire", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 2, Partial), "GRANTED 2 @2", 3},
		{expireOf("e", "a", 100), "NOOP_ALREADY @3", 3},
	}, "a RESERVED 2"},
	{"expiry before the decision", []Command{until(reserveOf("a", 2, Partial), 100)}, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{expireOf("e90", "a", 90), "NOOP_ALREADY @2", 5},
		{expireOf("e100", "a", 100), "GRANTED 0 @3", 5},
		{until(reserveOf("a", 2, Partial), 100), "REJECTED_EXPIRED @4", 5},
	}, "a REJECTED 0"},
	{"commit against expiry: commit first", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{until(reserveOf("a", 2, Partial), 100), "GRANTED 2 @2", 3},
		{onRef(Commit, "ca", "a"), "GRANTED 2 @3", 3},
		{expireOf("e", "a", 100), "NOOP_ALREADY @4", 3},
	}, "a COMMITTED 2"},
	{"commit against expiry: expiry first", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{until(reserveOf("a", 2, Partial), 100), "GRANTED 2 @2", 3},
		{expireOf("e", "a", 100), "GRANTED 2 @3", 5},
		{onRef(Commit, "ca", "a"), "REJECTED_EXPIRED @4", 5},
	}, "a EXPIRED 2"},
	{"commit of what is undecided, unknown or elsewhere", []Command{reserveOf("a", 2, Partial)}, []step{
		{at(restockOf("east", 5), "east"), "GRANTED 5 @1", 5},
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{onRef(Commit, "ca", "a"), "INVALID @2", 5},
		{onRef(Commit, "cz", "z"), "INVALID @3", 5},
		{reserveOf("a", 2, Partial), "GRANTED 2 @4", 3},
		{at(onRef(Commit, "ca2", "a"), "east"), "INVALID @2", 5},
		{at(onRef(Release, "xa", "a"), "east"), "INVALID @3", 5},
	}, "a RESERVED 2"},
	{"a return on another lane than its line", nil, []step{
		{at(restockOf("east", 5), "east"), "GRANTED 5 @1", 5},
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 3, Partial), "GRANTED 3 @2", 2},
		{onRef(Commit, "ca", "a"), "GRANTED 3 @3", 2},
		{at(returnOf("r0", "a", 1), "east"), "INVALID @2", 5},
		{returnOf("r1", "a", 3), "GRANTED 3 @4", 5},
	}, "a COMMITTED 3"},
	{"returns never exceed what was granted", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 3, Partial), "GRANTED 3 @2", 2},
		{returnOf("r0", "a", 1), "INVALID @3", 2},
		{onRef(Commit, "ca", "a"), "GRANTED 3 @4", 2},
		{returnOf("r1", "a", 2), "GRANTED 2 @5", 4},
		{returnOf("r2", "a", 2), "INVALID @6", 4},
		{returnOf("r3", "a", 1), "GRANTED 1 @7", 5},
		{returnOf("r4", "a", 1), "INVALID @8", 5},
	}, "a COMMITTED 3"},
	{"an amendment replaces what it names", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 4, AllOrNothing), "GRANTED 4 @2", 1},
		{amends(reserveOf("a2", 5, AllOrNothing), "a"), "GRANTED 5 @3", 0},
		{amends(reserveOf("a3", 9, AllOrNothing), "a2"), "REJECTED_INSUFFICIENT @4", 0},
		{amends(reserveOf("a4", 1, AllOrNothing), "a"), "REJECTED_CANCELLED @5", 0},
		{amends(reserveOf("a5", 2, AllOrNothing), "a2"), "GRANTED 2 @6", 3},
		{amends(reserveOf("a6", 2, AllOrNothing), "never"), "INVALID @7", 3},
	}, "a RELEASED 4, a2 RELEASED 5, a3 REJECTED 0, a5 RESERVED 2"},
	{"an amendment of an expired line", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{until(reserveOf("a", 4, AllOrNothing), 100), "GRANTED 4 @2", 1},
		{expireOf("e", "a", 100), "GRANTED 4 @3", 5},
		{amends(reserveOf("a2", 1, AllOrNothing), "a"), "REJECTED_EXPIRED @4", 5},
	}, "a EXPIRED 4, a2 REJECTED 0"},
	{"a transfer has two legs and takes free units only", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 2, Partial), "GRANTED 2 @2", 3},
		{moveOf("m1", 4, "east"), "REJECTED_INSUFFICIENT @3/1", 3},
		{moveOf("m2", 3, "east"), "GRANTED 3 @4/2", 0},
		{at(reserveOf("b", 3, AllOrNothing), "east"), "GRANTED 3 @3", 0},
	}, "a RESERVED 2, b RESERVED 3"},
	{"a limit that makes the lane short", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 4, Partial), "GRANTED 4 @2", 1},
		{limits("l", Some(3), Optional{}), "GRANTED 0 @3", -2},
		{reserveOf("b", 1, Partial), "REJECTED_INSUFFICIENT @4", -2},
		{onRef(Release, "x", "a"), "GRANTED 4 @5", 2},
		{reserveOf("c", 2, Partial), "GRANTED 2 @6", 0},
	}, "a RELEASED 4, b REJECTED 0, c RESERVED 2"},
	{"an adjustment below what is promised, and below zero", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{reserveOf("a", 4, Partial), "GRANTED 4 @2", 1},
		{adjustBy("d1", -3), "GRANTED -3 @3", -2},
		{reserveOf("b", 1, Partial), "REJECTED_INSUFFICIENT @4", -2},
		{onRef(Commit, "ca", "a"), "REJECTED_INSUFFICIENT @5", -2},
		{adjustBy("d2", -3), "REJECTED_INSUFFICIENT @6", -2},
	}, "a RESERVED 4, b REJECTED 0"},
	{"an absolute count is a compare-and-set", nil, []step{
		{restockOf("in", 5), "GRANTED 5 @1", 5},
		{adjustTo("s1", 9, 1), "GRANTED 4 @2", 9},
		{adjustTo("s2", 2, 1), "INVALID @3", 9},
		{reserveOf("a", 4, Partial), "GRANTED 4 @4", 5},
		{adjustTo("s3", 7, 2), "GRANTED -2 @5", 3},
		{onRef(Commit, "ca", "a"), "GRANTED 4 @6", 3},
		{adjustTo("s4", 7, 3), "INVALID @7", 3},
	}, "a COMMITTED 4"},
	{"an unknown lane", nil, []step{
		{reserveOf("a", 1, Partial), "INVALID", 0},
		{onRef(Commit, "x", "a"), "INVALID", 0},
		{moveOf("m", 1, "east"), "INVALID", 0},
		{adjustBy("d0", -1), "REJECTED_INSUFFICIENT @1", 0},
		{adjustBy("d", 2), "GRANTED 2 @2", 2},
		{reserveOf("a", 1, Partial), "INVALID", 0},
		{reserveOf("b", 1, Partial), "GRANTED 1 @3", 1},
	}, "a REJECTED 0, b RESERVED 1"},
	{"a cancel creates a lane: stock that comes before its order is not for it", nil, []step{
		{onRef(Release, "x", "a"), "GRANTED 0 @1", 0},
		{restockOf("in", 5), "GRANTED 5 @2", 5},
		{reserveOf("a", 1, Partial), "REJECTED_CANCELLED @3", 5},
	}, "a REJECTED 0"},
	{"a limit creates a lane", nil, []step{
		{limits("l", Optional{}, Some(2)), "GRANTED 0 @1", 0},
		{reserveOf("a", 3, Partial), "PARTIAL 2 (2 backordered) @2", -2},
	}, "a RESERVED 2"},
	{"a number beyond 2^53-1 changes nothing", nil, []step{
		{limits("l", Optional{}, Some(MaxNumber)), "GRANTED 0 @1", 0},
		{adjustTo("s", MaxNumber, 0), "GRANTED 9007199254740991 @2", MaxNumber},
		{restockOf("in", 1), "INVALID @3", MaxNumber},
		{adjustBy("d", 1), "INVALID @4", MaxNumber},
		{reserveOf("a", 1, Partial), "GRANTED 1 @5", MaxNumber - 1},
	}, "a RESERVED 1"},
}

// Each flow of the ledger protocol, command by command. Every command is sent once more right away: a
// repetition is answered alike and changes nothing.
func TestFlows(t *testing.T) {
	for _, f := range flows {
		t.Run(f.name, func(t *testing.T) {
			m := newMemory()
			for _, c := range f.intake {
				m.intake(c)
			}
			for i, s := range f.steps {
				if err := s.c.Validate(); err != nil {
					t.Fatalf("step %d is not a valid command: %v", i, err)
				}
				d := m.settle(s.c)
				if told(d) != s.want {
					t.Fatalf("step %d, %s: %s, want %s", i, s.c.Kind, told(d), s.want)
				}
				if l := m.lane(s.c.Lane()); d.Seq > 0 && l.Avail() != s.avail {
					t.Fatalf("step %d, %s: avail %d, want %d", i, s.c.Kind, l.Avail(), s.avail)
				}
				if again := m.settle(s.c); again != d {
					t.Fatalf("step %d again: %s, was %s", i, told(again), told(d))
				}
			}
			for _, want := range strings.Split(f.lines, ", ") {
				name, _, _ := strings.Cut(want, " ")
				l := m.lines[NameID(name)]
				if got := fmt.Sprintf("%s %s %d", name, l.State, l.Granted); got != want {
					t.Errorf("line %s, want %s", got, want)
				}
			}
		})
	}
}

func TestALaneOutOfNumbersAnswersInvalidAndDoesNotChange(t *testing.T) {
	full := Lane{Key: LaneKey{"A", MainLocation}, Seq: MaxNumber, OnHand: 5}
	own := Line{State: LinePending, Lane: full.Key}
	for _, c := range []Command{reserveOf("a", 2, Partial), restockOf("in", 1), adjustBy("d", 1),
		moveOf("m", 1, "east")} {
		s := State{Lane: full, Own: own}
		if next, d := Decide(s, c); next != s || d != (Decision{Outcome: Invalid, Avail: 5}) {
			t.Errorf("%s: %+v %+v", c.Kind, next, d)
		}
		if next, d := Refuse(s, c, RejectedSibling); next != s || d.Outcome != Invalid {
			t.Errorf("refuse %s: %+v %+v", c.Kind, next, d)
		}
	}
	last := State{Lane: Lane{Key: full.Key, Seq: 1, OnHand: 5}, To: Lane{Seq: MaxNumber}}
	if next, d := Decide(last, moveOf("m", 1, "east")); next != last || d.Outcome != Invalid {
		t.Errorf("a transfer into a full lane: %+v %+v", next, d)
	}
}

func TestARefusedSiblingTakesANumberAndNothingElse(t *testing.T) {
	m := newMemory()
	m.settle(restockOf("in", 5))
	c := reserveOf("a", 2, AllOrNothing)
	s, d := Refuse(m.state(c), c, RejectedSibling)
	if told(d) != "REJECTED_SIBLING @2" || d.Avail != 5 || s.Lane.Reserved != 0 || s.Lane.OnHand != 5 {
		t.Errorf("%s, %+v", told(d), s.Lane)
	}
	if s.Own.State != LineRejected || s.Own.Command != c.ID || s.Own.Granted != 0 {
		t.Errorf("line %+v", s.Own)
	}
}
