package model

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// quantities are mostly small, so that stock runs out, and sometimes at the edge of what is allowed.
func quantities(t *rapid.T) int64 {
	if rapid.IntRange(0, 19).Draw(t, "huge") == 0 {
		return rapid.SampledFrom([]int64{MaxQuantity, MaxQuantity - 1}).Draw(t, "qty")
	}
	return rapid.Int64Range(1, 9).Draw(t, "qty")
}

// numbers are limits: small, or at the edge.
func numbers(t *rapid.T) int64 {
	if rapid.IntRange(0, 9).Draw(t, "edge") == 0 {
		return MaxNumber - rapid.Int64Range(0, 2).Draw(t, "number")
	}
	return rapid.Int64Range(0, 9).Draw(t, "number")
}

// drawCommands makes up to n valid commands on two SKUs and two locations. Their references point to
// earlier and to later ones, on their own lane or astray.
func drawCommands(t *rapid.T, n int) []Command {
	locations := []Location{MainLocation, "east"}
	var made []Command
	for i := range rapid.IntRange(1, n).Draw(t, "commands") {
		c := Command{ID: NameID(fmt.Sprint("c", i)), Kind: Kind(rapid.IntRange(1, 9).Draw(t, "kind")),
			SKU: SKU(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "sku")),
			Loc: rapid.SampledFrom(locations).Draw(t, "loc")}
		if rapid.IntRange(0, 3).Draw(t, "stock") == 0 {
			c.Kind = Restock
		}
		ref := rapid.IntRange(max(0, i-5), i+2).Draw(t, "ref")
		if ref == i {
			ref = i + 1
		}
		if ref < len(made) && rapid.IntRange(0, 9).Draw(t, "astray") > 0 {
			c.SKU, c.Loc = made[ref].SKU, made[ref].Loc
		}
		fill(t, &c, NameID(fmt.Sprint("c", ref)), locations)
		if err := c.Validate(); err != nil {
			t.Fatalf("the generator made %+v: %v", c, err)
		}
		made = append(made, c)
	}
	return made
}

func fill(t *rapid.T, c *Command, ref ID, locations []Location) {
	deadline := rapid.Int64Range(0, 2).Draw(t, "deadline")
	switch c.Kind {
	case Reserve:
		c.OrderID, c.Line, c.Qty = NameID("o", c.ID.String()), 1, quantities(t)
		c.Policy, c.Deadline = Policy(rapid.IntRange(1, 2).Draw(t, "policy")), deadline
		if rapid.IntRange(0, 4).Draw(t, "amends") == 0 {
			c.Ref = ref
		}
	case Commit, Release:
		c.Ref = ref
	case Expire:
		c.Ref, c.Deadline = ref, deadline+1
	case Return:
		c.Ref, c.Qty = ref, quantities(t)
	case Restock:
		c.Qty = quantities(t)
	case Adjust:
		if rapid.Bool().Draw(t, "absolute") {
			c.Set, c.ExpectedVersion = Some(numbers(t)), Some(rapid.Int64Range(0, 4).Draw(t, "version"))
		} else {
			c.Delta = Some(quantities(t) * rapid.SampledFrom([]int64{-1, 1}).Draw(t, "sign"))
		}
	case Transfer:
		c.Qty, c.ToLoc = quantities(t), locations[0]
		if c.Loc == locations[0] {
			c.ToLoc = locations[1]
		}
	case SetLimit:
		c.Safety = Some(numbers(t))
		if rapid.Bool().Draw(t, "backorder") {
			c.BackorderLimit = Some(numbers(t))
		}
	}
}

// checkState says which CHECK of the truth, or which limit, a state would break.
func checkState(s State) error {
	for _, l := range []Lane{s.Lane, s.To} {
		switch {
		case l.OnHand < 0:
			return fmt.Errorf("CHECK (on_hand >= 0): %+v", l)
		case !l.Short && l.Avail() < -l.BackorderLimit:
			return fmt.Errorf("CHECK (short OR avail >= -limit): %+v", l)
		case l.Short && l.Avail() >= -l.BackorderLimit && l.Known():
			return fmt.Errorf("short without need: %+v", l)
		case l.Reserved < 0 || l.OnHand > MaxNumber || l.Reserved > MaxNumber || !inRange(l.Avail()) ||
			l.Seq > MaxNumber || l.StockVersion > MaxNumber || l.Safety > MaxNumber ||
			l.BackorderLimit > MaxNumber:
			return fmt.Errorf("outside 2^53-1: %+v", l)
		}
	}
	for _, l := range []Line{s.Own, s.Ref} {
		if l.Returned > l.Granted || l.Granted < 0 || l.Granted > l.Qty && l.State != LineAbsent && l.Granted > 0 {
			return fmt.Errorf("CHECK (returned <= granted <= qty): %+v", l)
		}
	}
	return nil
}

// No answer leaves a row that a CHECK of the truth would refuse, or a number above 2^53-1, and no
// RESERVE or TRANSFER takes more than could be promised.
func TestDecideNeverProducesARowThatACheckWouldRefuse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		for _, c := range drawCommands(t, 40) {
			before := m.state(c)
			next, d := Decide(before, c)
			if err := checkState(next); err != nil {
				t.Fatalf("%+v\n%s of %+v: %v", before, told(d), c, err)
			}
			if err := checkGrant(before, c, d); err != nil {
				t.Fatalf("%+v\n%s of %+v: %v", before, told(d), c, err)
			}
			m.settle(c)
		}
	})
}

// checkGrant is no-oversell and no-false-reject, by arithmetic.
func checkGrant(s State, c Command, d Decision) error {
	room := s.Lane.Avail() + s.Lane.BackorderLimit
	if c.Kind == Reserve && !c.Ref.IsZero() && s.Ref.State == LineReserved {
		room += s.Ref.Granted
	}
	switch {
	case !d.Outcome.Grants() && d.Granted != 0:
		return fmt.Errorf("a rejection of %d units", d.Granted)
	case c.Kind == Reserve && d.Outcome.Grants() && d.Granted > room:
		return fmt.Errorf("oversold: room %d", room)
	case c.Kind == Reserve && d.Outcome == Granted && d.Granted != c.Qty,
		c.Kind == Reserve && d.Outcome == PartiallyGranted && (d.Granted != room || d.Granted >= c.Qty || c.Policy != Partial),
		c.Kind == Reserve && d.Outcome == Backordered && (d.Granted != c.Qty || d.Backordered < 1):
		return fmt.Errorf("%d of %d units is not what %s means (room %d)", d.Granted, c.Qty, d.Outcome, room)
	case c.Kind == Reserve && d.Outcome == RejectedInsufficient &&
		(c.Policy == Partial && room > 0 || room >= c.Qty):
		return fmt.Errorf("falsely rejected: room %d", room)
	case c.Kind == Transfer && d.Outcome.Grants() && (d.Granted > s.Lane.Avail() || d.Granted > s.Lane.OnHand):
		return fmt.Errorf("moved more than was free")
	case d.Backordered < 0 || d.Backordered > d.Granted && d.Granted >= 0:
		return fmt.Errorf("%d backordered of %d", d.Backordered, d.Granted)
	}
	return nil
}

// Every first-seen command on a known lane takes the next number, rejections included; a command that
// meets an unknown lane and may not create it is INVALID and takes none.
func TestEveryFirstSeenCommandTakesTheNextNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		for _, c := range drawCommands(t, 40) {
			from, to := m.lane(c.Lane()), m.lane(c.ToLane())
			d := m.settle(c)
			if !from.Known() && !c.Kind.CreatesLane() {
				if d.Outcome != Invalid || d.Seq != 0 || d.ToSeq != 0 {
					t.Fatalf("%s of %+v on an unknown lane", told(d), c)
				}
				continue
			}
			want := Decision{Seq: from.Seq + 1}
			if c.Kind == Transfer {
				want.ToSeq = to.Seq + 1
			}
			if d.Seq != want.Seq || d.ToSeq != want.ToSeq {
				t.Fatalf("%s of %+v, want @%d/%d", told(d), c, want.Seq, want.ToSeq)
			}
			if l := m.lane(c.Lane()); l.Seq != d.Seq || l.Avail() != d.Avail {
				t.Fatalf("%s avail %d, lane %+v", told(d), d.Avail, l)
			}
		}
	})
}

// A conclusion that comes again under an id of its own, as the next attempt of a saga or another front
// sends it, takes a number and does nothing else: Decide answers that it happened already, from the line
// alone, and every other command is answered as if it had never come.
func TestRepetitionsInAnyOrderChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once, often := newMemory(), newMemory()
		cs := drawCommands(t, 25)
		var granted []Command // conclusions
		for i, c := range cs {
			want, got := once.settle(c), often.settle(c)
			if (c.Kind == Commit || c.Kind == Release || c.Kind == Expire) && want.Outcome.Grants() {
				granted = append(granted, c)
			}
			if want.Seq, want.ToSeq, got.Seq, got.ToSeq = 0, 0, 0, 0; got != want {
				t.Fatalf("%s, with repetitions before it %s", told(want), told(got))
			}
			for n := range min(len(granted), rapid.IntRange(0, 3).Draw(t, "repetitions")) {
				again := rapid.SampledFrom(granted).Draw(t, "which")
				again.ID = NameID("again", again.ID.String(), fmt.Sprint(i, n))
				if d := often.settle(again); d.Outcome != NoopAlready || d.Granted != 0 {
					t.Fatalf("%s of %+v", told(d), again)
				}
			}
		}
		for _, c := range cs {
			x, y := once.lane(c.Lane()), often.lane(c.Lane())
			if y.Seq < x.Seq {
				t.Fatalf("lane %+v has fewer decisions than %+v", y, x)
			}
			if y.Seq = x.Seq; x != y || once.lines[c.ID] != often.lines[c.ID] || once.lines[c.Ref] != often.lines[c.Ref] {
				t.Fatal("the repetitions changed a lane or a line")
			}
		}
	})
}

// A rejection is sticky: however much stock comes in later, nothing that refers to a rejected line finds
// units there, and the line stays what it is.
func TestARejectionIsSticky(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		cs := drawCommands(t, 30)
		for _, c := range cs {
			m.settle(c)
		}
		for i, sku := range []SKU{"A", "B"} {
			for j, loc := range []Location{MainLocation, "east"} {
				m.settle(Command{ID: NameID(fmt.Sprint("late", i, j)), Kind: Restock, SKU: sku, Loc: loc,
					Qty: MaxQuantity})
			}
		}
		for _, c := range cs {
			if d := m.decided[c.ID]; c.Kind != Reserve || d.Outcome.Grants() {
				continue
			}
			line, reserved := m.lines[c.ID], m.lane(c.Lane()).Reserved
			for _, k := range []Kind{Commit, Release, Expire, Return, Reserve} {
				about := Command{ID: NameID("about", c.ID.String(), k.String()), Kind: k, SKU: c.SKU, Loc: c.Loc, Ref: c.ID}
				switch k {
				case Expire:
					about.Deadline = line.Deadline + 1
				case Return:
					about.Qty = 1
				case Reserve:
					about.Qty, about.OrderID, about.Line, about.Policy = 1, NameID("amends", c.ID.String()), 1, Partial
				}
				if d := m.settle(about); d.Outcome.Grants() || d.Granted != 0 {
					t.Fatalf("%s of %s on the rejected line %+v", told(d), k, line)
				}
			}
			if l := m.lines[c.ID]; l != line || l.Granted != 0 || m.lane(c.Lane()).Reserved != reserved {
				t.Fatalf("the rejected line %+v became %+v, lane %+v", line, l, m.lane(c.Lane()))
			}
		}
	})
}

// Conservation, per lane: on hand is what came in less what was committed plus what came back, and
// reserved is what the reserved lines hold.
func TestUnitsAreConserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		supply := map[LaneKey]int64{}
		cs := drawCommands(t, 40)
		for _, c := range cs {
			d := m.settle(c)
			if !d.Outcome.Grants() {
				continue
			}
			switch c.Kind {
			case Restock, Adjust:
				supply[c.Lane()] += d.Granted
			case Transfer:
				supply[c.Lane()] -= d.Granted
				supply[c.ToLane()] += d.Granted
			}
		}
		reserved, committed, returned := map[LaneKey]int64{}, map[LaneKey]int64{}, map[LaneKey]int64{}
		for _, l := range m.lines {
			switch l.State {
			case LineReserved:
				reserved[l.Lane] += l.Granted
			case LineCommitted:
				committed[l.Lane] += l.Granted
			}
			returned[l.Lane] += l.Returned
		}
		for k, l := range m.lanes {
			if supply[k] != l.OnHand+committed[k]-returned[k] {
				t.Fatalf("supply %d, committed %d, returned %d, lane %+v", supply[k], committed[k], returned[k], l)
			}
			if reserved[k] != l.Reserved {
				t.Fatalf("lines hold %d, lane %+v", reserved[k], l)
			}
		}
	})
}

// Decide is a function: the same state and command, the same answer; and from any sane state, not only
// a reachable one, it produces no row that a CHECK would refuse.
func TestDecideIsPureAndSafeFromAnySaneState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCommands(t, 1)[0]
		lane := func(k LaneKey) Lane {
			l := Lane{Key: k, Seq: numbers(t), OnHand: numbers(t), Reserved: numbers(t), Safety: numbers(t),
				BackorderLimit: numbers(t), StockVersion: numbers(t)}
			l.Short = l.Avail() < -l.BackorderLimit
			return l
		}
		line := func(label string, last LineState) Line {
			l := Line{Lane: c.Lane(), State: LineState(rapid.IntRange(0, int(last)).Draw(t, label))}
			if l.State != LineAbsent {
				l.Qty = quantities(t)
				l.Deadline = rapid.Int64Range(0, 3).Draw(t, "line deadline")
			}
			if l.State >= LineReserved && l.State <= LineExpired {
				l.Granted = rapid.Int64Range(1, l.Qty).Draw(t, "granted")
			}
			if l.State == LineCommitted {
				l.Returned = rapid.Int64Range(0, l.Granted).Draw(t, "returned")
			}
			return l
		}
		s := State{Lane: lane(c.Lane()), To: lane(c.ToLane()), Own: line("own", LineLapsed),
			Ref: line("ref", LineRejected)}
		if l := s.Ref; l.State == LineReserved && l.Granted > s.Lane.Reserved {
			return // a line's units are part of its lane's
		}
		if checkState(s) != nil {
			return
		}
		next, d := Decide(s, c)
		if again, d2 := Decide(s, c); again != next || d2 != d {
			t.Fatalf("%s, then %s", told(d), told(d2))
		}
		if err := checkState(next); err != nil {
			t.Fatalf("%+v\n%s of %+v: %v", s, told(d), c, err)
		}
		if !d.Decided() || d.Seq > MaxNumber || d.ToSeq > MaxNumber || !inRange(d.Granted) {
			t.Fatalf("%+v", d)
		}
	})
}
