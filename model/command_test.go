package model

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatBreaksTheContractIsRefusedByName(t *testing.T) {
	with := func(c Command, change func(*Command)) Command { change(&c); return c }
	reserve, restock := reserveOf("a", 1, Partial), restockOf("in", 1)
	for _, v := range []struct {
		field string
		c     Command
	}{
		{"command_id", with(restock, func(c *Command) { c.ID = ID{} })},
		{"kind", with(restock, func(c *Command) { c.Kind = 0 })},
		{"kind", with(restock, func(c *Command) { c.Kind = SetLimit + 1 })},
		{"sku", with(restock, func(c *Command) { c.SKU = "a\x00b" })},
		{"sku", with(restock, func(c *Command) { c.SKU = "\xff" })},
		{"sku", with(restock, func(c *Command) { c.SKU = SKU(strings.Repeat("x", MaxSKUBytes+1)) })},
		{"loc", with(restock, func(c *Command) { c.Loc = "\xc3" })},
		{"qty", with(restock, func(c *Command) { c.Qty = 0 })},
		{"qty", with(restock, func(c *Command) { c.Qty = -7 })},
		{"qty", with(restock, func(c *Command) { c.Qty = MaxQuantity + 1 })},
		{"qty", with(onRef(Commit, "c", "a"), func(c *Command) { c.Qty = 1 })},
		{"ref", with(restock, func(c *Command) { c.Ref = NameID("x") })},
		{"ref", with(onRef(Commit, "c", "a"), func(c *Command) { c.Ref = ID{} })},
		{"ref", with(onRef(Commit, "c", "a"), func(c *Command) { c.Ref = c.ID })},
		{"order_id", with(reserve, func(c *Command) { c.OrderID = ID{} })},
		{"order_id", with(restock, func(c *Command) { c.OrderID = NameID("o") })},
		{"line", with(reserve, func(c *Command) { c.Line = 0 })},
		{"line", with(reserve, func(c *Command) { c.Line = MaxLines + 1 })},
		{"line", with(restock, func(c *Command) { c.Line = 1 })},
		{"policy", with(reserve, func(c *Command) { c.Policy = 0 })},
		{"policy", with(reserve, func(c *Command) { c.Policy = 3 })},
		{"policy", with(restock, func(c *Command) { c.Policy = Partial })},
		{"siblings", with(restock, func(c *Command) { c.Siblings = NameID("s") })},
		{"deadline", with(reserve, func(c *Command) { c.Deadline = -1 })},
		{"deadline", with(reserve, func(c *Command) { c.Deadline = MaxNumber + 1 })},
		{"deadline", with(restock, func(c *Command) { c.Deadline = 5 })},
		{"deadline", expireOf("e", "a", 0)},
		{"to_loc", with(restock, func(c *Command) { c.ToLoc = "east" })},
		{"to_loc", moveOf("m", 1, MainLocation)},
		{"loc", moveOf("m", 1, "\xff")},
		{"delta", adjustBy("d", 0)},
		{"delta", adjustBy("d", -MaxQuantity-1)},
		{"delta", adjustBy("d", MaxQuantity+1)},
		{"delta", with(adjustBy("d", 1), func(c *Command) { c.Delta = Optional{} })},
		{"delta", with(adjustTo("s", 1, 1), func(c *Command) { c.Delta = Some(1) })},
		{"delta", with(restock, func(c *Command) { c.Delta = Some(1) })},
		{"set", adjustTo("s", -1, 1)},
		{"set", adjustTo("s", MaxNumber+1, 1)},
		{"set", with(restock, func(c *Command) { c.Set = Some(1) })},
		{"expected_version", adjustTo("s", 1, -1)},
		{"expected_version", with(adjustTo("s", 1, 1), func(c *Command) { c.ExpectedVersion = Optional{} })},
		{"expected_version", with(restock, func(c *Command) { c.ExpectedVersion = Some(1) })},
		{"safety", limits("l", Some(-1), Optional{})},
		{"safety", limits("l", Optional{}, Optional{})},
		{"safety", with(restock, func(c *Command) { c.Safety = Some(1) })},
		{"backorder_limit", limits("l", Optional{}, Some(MaxNumber+1))},
		{"backorder_limit", with(restock, func(c *Command) { c.BackorderLimit = Some(1) })},
		{"submitted_at", with(restock, func(c *Command) { c.SubmittedAt = -1 })},
	} {
		var contract *ContractError
		if err := v.c.Validate(); !errors.As(err, &contract) || contract.Field != v.field {
			t.Errorf("%+v: %v, want a contract error for %s", v.c, err, v.field)
		}
	}
}

func TestTheEdgesOfTheContractAreLegal(t *testing.T) {
	longest := restockOf("in", MaxQuantity)
	longest.SKU = SKU(strings.Repeat("x", MaxSKUBytes))
	empty := restockOf("in", 1)
	empty.SKU, empty.Loc = "", ""
	amendment := reserveOf("a", MaxQuantity, AllOrNothing)
	amendment.Line, amendment.Deadline, amendment.Ref = MaxLines, MaxNumber, NameID("b")
	for _, c := range []Command{longest, empty, amendment, adjustTo("s", 0, 0),
		adjustTo("s", MaxNumber, MaxNumber), adjustBy("d", -MaxQuantity),
		limits("l", Some(0), Some(MaxNumber)), moveOf("m", 1, "")} {
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// The fingerprint covers everything that the client sent, and nothing that the server added.
func TestTheFingerprintTellsBodiesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cs := drawCommands(t, 6)
		for i, c := range cs {
			same := c
			same.ID, same.SubmittedAt = NameID("another id"), 77
			if !c.Delta.Present {
				same.Delta.Value = 99 // an absent value has no meaning
			}
			if c.Kind == Reserve {
				same.Deadline = 99
			}
			if c.Fingerprint() != same.Fingerprint() {
				t.Fatalf("%+v and %+v differ", c, same)
			}
			for _, o := range cs[:i] {
				o.ID, o.SubmittedAt = c.ID, c.SubmittedAt
				if o.Kind == Reserve {
					o.Deadline = c.Deadline
				}
				if (o == c) != (o.Fingerprint() == c.Fingerprint()) {
					t.Fatalf("%+v and %+v: equal %t", o, c, o == c)
				}
			}
		}
	})
	c := reserveOf("a", 3, Partial)
	for i, change := range []func(*Command){
		func(c *Command) { c.Qty++ }, func(c *Command) { c.SKU = "B" }, func(c *Command) { c.Loc = "east" },
		func(c *Command) { c.OrderID = NameID("x") }, func(c *Command) { c.Line = 2 },
		func(c *Command) { c.Policy = AllOrNothing }, func(c *Command) { c.Ref = NameID("x") },
		func(c *Command) { c.Siblings = NameID("x") },
		func(c *Command) { c.SKU, c.Loc = "Am", MainLocation[1:] }, // the border between two fields
	} {
		other := c
		change(&other)
		if other.Fingerprint() == c.Fingerprint() {
			t.Errorf("change %d is not seen", i)
		}
	}
	if a, b := expireOf("e", "a", 1), expireOf("e", "a", 2); a.Fingerprint() == b.Fingerprint() {
		t.Error("two deadlines of an EXPIRE are one")
	}
}

func TestSiblingsNameTheListInOrder(t *testing.T) {
	a, b := reserveOf("a", 1, AllOrNothing), reserveOf("b", 2, AllOrNothing)
	list := SiblingsID([]Command{a, b})
	changed := b
	changed.Qty++
	for _, other := range [][]Command{{b, a}, {a}, {a, b, b}, {a, changed}, nil} {
		if SiblingsID(other) == list {
			t.Errorf("%d other lines have the same name", len(other))
		}
	}
	if SiblingsID([]Command{a, b}) != list {
		t.Error("the same lines have two names")
	}
}

func TestNamesAndNumbersAreStable(t *testing.T) {
	for i, want := range []string{"RESERVE", "COMMIT", "RELEASE", "EXPIRE", "RESTOCK", "ADJUST", "RETURN",
		"TRANSFER", "SET_LIMIT"} {
		k, err := ParseKind(want)
		if int(k) != i+1 || err != nil || k.String() != want {
			t.Errorf("%s: %d, %v", want, k, err)
		}
	}
	for i, want := range []string{"", "GRANTED", "PARTIAL", "BACKORDERED", "REJECTED_INSUFFICIENT",
		"REJECTED_CANCELLED", "REJECTED_EXPIRED", "REJECTED_SIBLING", "NOOP_ALREADY", "INVALID"} {
		o, err := ParseOutcome(want)
		if int(o) != i || err != nil || o.String() != want || o.Grants() != (i >= 1 && i <= 3) {
			t.Errorf("%q: %d, %v", want, o, err)
		}
	}
	for i, want := range []string{"", "all-or-nothing", "partial"} {
		if p, err := ParsePolicy(want); int(p) != i || err != nil || p.String() != want {
			t.Errorf("%q: %d, %v", want, p, err)
		}
	}
	for i, want := range []string{"ABSENT", "PENDING", "CANCELLED", "LAPSED", "RESERVED", "COMMITTED",
		"RELEASED", "EXPIRED", "REJECTED"} {
		if s := LineState(i); s.String() != want || (Line{State: s}).Undecided() != (i <= 3) {
			t.Errorf("state %d is %s, want %s", i, s, want)
		}
	}
	for _, name := range []string{"reserve", "KIND(0)", "", "RESERVE "} {
		if k, err := ParseKind(name); err == nil {
			t.Errorf("%q is the kind %s", name, k)
		}
	}
	if WireEpoch(1, 0) != 1<<20 || WireEpoch(2, 0) <= WireEpoch(1, 1<<20-1) || WireEpoch(1, 3) != 1<<20+3 {
		t.Error("wire epochs do not order failovers before bumps")
	}
}

func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOf(rapid.String()).Draw(t, "a")
		b := rapid.SliceOf(rapid.String()).Draw(t, "b")
		x, y := NameID(a...), NameID(b...)
		equal := len(a) == len(b)
		for i := range min(len(a), len(b)) {
			equal = equal && a[i] == b[i]
		}
		if (x == y) != equal {
			t.Fatalf("%q and %q: %s and %s", a, b, x, y)
		}
		if back, err := ParseID(x.String()); back != x || err != nil || x[6]>>4 != 5 {
			t.Fatalf("%s comes back as %s, %v", x, back, err)
		}
		if c := x.Compare(y); (c == 0) != equal || c != 0 && (c < 0) != (x.String() < y.String()) {
			t.Fatalf("%s and %s compare as %d", x, y, c)
		}
	})
	for _, s := range []string{"", "x", "{29216a95-9c22-58da-a89d-a24f88772539}", "29216a959c2258daa89da24f88772539",
		"urn:uuid:29216a95-9c22-58da-a89d-a24f88772539", "29216a95-9c22-58da-a89d-a24f8877253g"} {
		if id, err := ParseID(s); err == nil {
			t.Errorf("%q is the id %s", s, id)
		}
	}
}
