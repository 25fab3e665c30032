package checks

import (
	"slices"
	"strings"
	"testing"

	"stockproof/model"
)

// heldRecord is a record of a SKU in partition 0 of the commands, that a worker holds for 30 s.
func heldRecord(sku model.SKU, offset int64) Held {
	return Held{Group: "workers", Record: Record{Topic: "inventory.command", Offset: offset}, SKU: sku, Since: 0,
		Until: 30e6, Times: 9}
}

// undecidedOrder lets an order be accepted and never decided.
func (w *world) undecidedOrder(name string, sku model.SKU) {
	c := w.reserve(name, 1, sku, 1, model.Partial)
	w.record(c, model.Decision{}, false)
	w.commands = append(w.commands, CommandRow{Command: c})
}

func TestARecordThatKeepsOtherSKUsWaitingIsNamed(t *testing.T) {
	stuck := func(skus ...model.SKU) *world { // their orders are undecided
		w := newWorld()
		for _, sku := range []model.SKU{"A", "B", "C"} {
			w.send(w.restock("in "+string(sku), sku, 5))
		}
		for _, sku := range skus {
			w.undecidedOrder("o"+string(sku), sku)
		}
		return w
	}
	for _, c := range []struct {
		name string
		skus []model.SKU
		held []Held
		says string // "": it passes
	}{
		{"nothing is held", []model.SKU{"A", "B"}, nil, ""},
		{"nothing waits", nil, []Held{heldRecord("A", 1), heldRecord("B", 2)}, ""},
		{"the slow SKU waits alone", []model.SKU{"A"}, []Held{heldRecord("A", 1), heldRecord("B", 2)}, ""},
		{"another waits behind it", []model.SKU{"A", "B"}, []Held{heldRecord("B", 2), heldRecord("A", 1)},
			`inventory.command[0]: a record of "A" at offset 1 keeps "B" waiting behind it, at offset 2`},
		{"what stands before it went on", []model.SKU{"A", "B"}, []Held{heldRecord("C", 0), heldRecord("A", 1), heldRecord("B", 2)},
			`a record of "A" at offset 1 keeps "B"`},
		{"in another partition", []model.SKU{"A", "B"}, []Held{heldRecord("A", 1),
			{Group: "workers", Record: Record{Topic: "inventory.command", Part: 1, Offset: 2}, SKU: "B", Until: 30e6}}, ""},
		{"of another group", []model.SKU{"A", "B"}, []Held{heldRecord("A", 1),
			{Group: "others", Record: Record{Topic: "inventory.command", Offset: 2}, SKU: "B", Until: 30e6}}, ""},
		{"an unreadable record", []model.SKU{"B"}, []Held{{Group: "workers", Record: Record{Topic: "inventory.command"},
			Unreadable: true, Until: 30e6, Times: 4}, heldRecord("B", 2)}, "an unreadable record at offset 0 keeps \"B\" waiting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := stuck(c.skus...).history()
			h.Audit.Held = c.held
			reports := Check(h)
			if c.says != "" {
				wantFail(t, reports, NoBlock, -1, c.says, "handed to workers", "is undecided")
				if r := reportOn(t, reports, NoBlock); r.Severity != (Severity{30, Seconds}) {
					t.Errorf("severity %s", r.Severity)
				}
			} else if r := reportOn(t, reports, NoBlock); r.Verdict != Pass {
				t.Errorf("%s: %s", r.Verdict, r.Why)
			}
		})
	}
}

// What a dead letter answers for does not wait.
func TestWhatHasALetterKeepsNobodyWaiting(t *testing.T) {
	w := newWorld()
	for _, sku := range []model.SKU{"A", "B"} {
		w.send(w.restock("in "+string(sku), sku, 5))
		w.undecidedOrder("o"+string(sku), sku)
	}
	h := w.history()
	h.Audit.Held = []Held{heldRecord("A", 1), heldRecord("B", 2)}
	wantFail(t, Check(h), NoBlock, -1, `keeps "B" waiting`)
	h.Audit.Dead = []DeadLetter{{Command: w.id("reserve oA"), Class: "contract"}}
	if r := reportOn(t, Check(h), NoBlock); r.Verdict != Pass {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

// A feed that is stuck keeps SKUs waiting too: what waits is a read model that does not show them.
func TestAStuckFeedBlocks(t *testing.T) {
	w := newWorld()
	for _, sku := range []model.SKU{"A", "B"} {
		w.send(w.restock("in "+string(sku), sku, 5))
	}
	h := w.history()
	for i := range h.Audit.Feeds[0].Rows {
		h.Audit.Feeds[0].Rows[i].Seq--
	}
	h.Audit.Held = []Held{heldRecord("A", 1), heldRecord("B", 2)}
	wantFail(t, Check(h), NoBlock, -1, `keeps "B" waiting`, "feed web has")
}

// Where nobody read the speed layer, nobody knows that a SKU waits for it.
func TestASpeedLayerThatWasNotReadKeepsNobodyWaiting(t *testing.T) {
	w := newWorld()
	for _, sku := range []model.SKU{"A", "B"} {
		w.send(w.restock("in "+string(sku), sku, 5))
	}
	h := w.history()
	h.Audit.SpeedRead, h.Audit.Speed, h.Audit.Feeds = false, nil, nil
	h.Audit.Held = []Held{heldRecord("A", 1), heldRecord("B", 2)}
	if r := reportOn(t, Check(h), NoBlock); r.Verdict != Pass {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

func TestStateThatGrowsWithOrdersIsNamed(t *testing.T) {
	for _, c := range []struct {
		name string
		keep Footprint
		over int64  // keys beyond the bound
		says string // "": it passes
	}{
		{"a key a read model", Footprint{SKU: "A", Keys: 3, Bytes: 450}, 0, ""},
		{"as many keys as may be", Footprint{SKU: "A", Keys: 12, Bytes: 12288}, 0, ""},
		{"a token an order", Footprint{SKU: "A", Keys: 60, Bytes: 6000}, 48,
			`the speed layer keeps 60 keys, 6000 bytes of "A", which has seen 60 commands; 12 keys`},
		{"one key that grows", Footprint{SKU: "A", Keys: 1, Bytes: 20_000}, 0, "20000 bytes"},
		{"heartbeats", Footprint{Shared: true, Keys: 24, Bytes: 1000}, 0, ""},
		{"one list of all orders", Footprint{Shared: true, Keys: 1, Bytes: 1 << 20}, 0, "of no SKU"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.send(w.restock("in", "A", 100))
			for i := range 59 {
				w.send(w.reserve(string(rune('a'+i%26))+string(rune('0'+i/26)), 1, "A", 1, model.Partial))
			}
			h := w.history()
			h.Audit.State = slices.Insert(h.Audit.State[:0], 0, c.keep)
			reports := Check(h)
			if c.says != "" {
				wantFail(t, reports, BoundedMemory, -1, c.says)
				if r := reportOn(t, reports, BoundedMemory); r.Severity != (Severity{c.over, Keys}) {
					t.Errorf("severity %s", r.Severity)
				}
			} else if r := reportOn(t, reports, BoundedMemory); r.Verdict != Pass {
				t.Errorf("%s: %s", r.Verdict, r.Why)
			}
		})
	}
}

func TestWhatNobodyLookedAtIsNotChecked(t *testing.T) {
	claims := []Guarantee{NoBlock, BoundedMemory}
	reports := New(Header{Claims: claims, Capability: LedgerRows}).Finish(Audit{})
	for _, g := range claims {
		if r := reportOn(t, reports, g); r.Verdict != Undecided || !r.NotChecked {
			t.Errorf("%+v", r)
		}
	}
	if got := Judge(reports, Conditions{Decisions: 1}); got != UndecidedResult {
		t.Errorf("nothing was checked and the result is %s", got)
	}
}

// Speed that equals truth does not help a design that never comes to rest.
func TestWhatNeverComesToRestDoesNotConverge(t *testing.T) {
	w := newWorld()
	w.send(w.restock("in", "A", 5))
	h := w.history()
	h.Audit.Restless = true
	r := reportOn(t, Check(h), Convergence)
	if r.Verdict != Fail || !strings.Contains(r.Why, "it never comes to rest") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}
