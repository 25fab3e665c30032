package ledger_test

import (
	"fmt"
	"testing"

	"stockproof/inventory"
	"stockproof/model"
)

// Every flow (reserve, commit, cancel, return, transfer, limits, and what each answers when it comes too
// early, too late or twice) gives the same outcomes in both admission modes.
func TestFlows(t *testing.T) {
	id := func(name string) model.ID { return model.NameID(name) }
	for _, flow := range []struct {
		name string
		run  func(s store)
	}{
		{"reserve and commit", func(s store) {
			s.restock("in", "A", 5)
			s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2))), "GRANTED 2")
			s.wantLane("A", 5, 2)
			s.want("commit", s.commit("o"), "GRANTED 2")
			s.want("commit again", s.commit("o"), "GRANTED 2")
			s.want("late cancel", s.cancel("o"), "GRANTED 2") // the winner's answers
			s.wantLane("A", 3, 0)
		}},
		{"cancel after the grant", func(s store) {
			s.restock("in", "A", 5)
			s.checkout(basket("o", model.AllOrNothing, line("A", 2)))
			s.want("cancel", s.cancel("o"), "GRANTED 2")
			s.want("cancel again", s.cancel("o"), "GRANTED 2")
			s.want("late commit", s.commit("o"), "GRANTED 2")
			s.wantLane("A", 5, 0)
		}},
		{"cancel before anything is known", func(s store) {
			s.restock("in", "A", 5)
			s.want("release", s.raw(model.Command{ID: id("rel"), Kind: model.Release, SKU: "A", Ref: lineOf("o", 1)}), "GRANTED")
			s.want("late order", s.checkout(basket("o", model.Partial, line("A", 2))), "REJECTED_CANCELLED")
			s.wantLane("A", 5, 0)
		}},
		{"partial takes what there is, line by line", func(s store) {
			s.restock("in-a", "A", 3)
			s.restock("in-b", "B", 1)
			got := s.checkout(basket("o", model.Partial, line("A", 2), line("B", 4), line("A", 2), line("B", 1), line("C", 1)))
			s.want("order", got, "GRANTED 2, PARTIAL 1, PARTIAL 1, REJECTED_INSUFFICIENT, INVALID")
			s.want("commit", s.commit("o"), "GRANTED 2, GRANTED 1, GRANTED 1")
		}},
		{"two lines of one SKU fold in order", func(s store) {
			s.restock("in", "A", 5)
			s.want("order", s.checkout(basket("o", model.Partial, line("A", 3), line("A", 3))), "GRANTED 3, PARTIAL 2")
			s.wantLane("A", 5, 5)
		}},
		{"returns never exceed what was granted", func(s store) {
			s.restock("in", "A", 5)
			s.checkout(basket("o", model.Partial, line("A", 3)))
			back := func(name string, qty int64) string {
				return s.do(model.Command{ID: id(name), Kind: model.Return, SKU: "A", Qty: qty, Ref: lineOf("o", 1)})
			}
			s.want("before commit", back("r0", 1), "INVALID")
			s.commit("o")
			s.want("two", back("r1", 2), "GRANTED 2")
			s.want("two more", back("r2", 2), "INVALID")
			s.want("the last", back("r3", 1), "GRANTED 1")
			s.want("one more", back("r4", 1), "INVALID")
			s.wantLane("A", 5, 0)
		}},
		{"a transfer has two legs", func(s store) {
			s.restock("in", "A", 5)
			move := model.Command{ID: id("t"), Kind: model.Transfer, SKU: "A", ToLoc: "shelf", Qty: 3}
			s.want("transfer", s.do(move), "GRANTED 3")
			move.ID = id("t2")
			s.want("more than is there", s.do(move), "REJECTED_INSUFFICIENT")
			s.wantLane("A", 2, 0)
			if l := s.laneAt("A", "shelf"); l.OnHand != 3 || l.Seq != 2 {
				s.Errorf("receiving lane %+v", l)
			}
		}},
		{"a limit below what is promised makes the lane short", func(s store) {
			s.restock("in", "A", 5)
			s.checkout(basket("o", model.AllOrNothing, line("A", 4)))
			limit := model.Command{ID: id("l"), Kind: model.SetLimit, SKU: "A", Safety: model.Some(3)}
			s.want("limit", s.do(limit), "GRANTED")
			if l := s.lane("A"); !l.Short || l.Avail() != -2 {
				s.Errorf("lane %+v is not short by 2", l)
			}
			s.want("order", s.checkout(basket("o2", model.Partial, line("A", 1))), "REJECTED_INSUFFICIENT")
			s.restock("in2", "A", 3)
			s.want("after stock", s.checkout(basket("o3", model.Partial, line("A", 5))), "PARTIAL 1")
		}},
		{"a backorder is granted up to its limit, and committed once the units are in", func(s store) {
			s.do(model.Command{ID: id("l"), Kind: model.SetLimit, SKU: "A", BackorderLimit: model.Some(3)})
			s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2))), "BACKORDERED 2")
			s.want("too much", s.checkout(basket("o2", model.AllOrNothing, line("A", 2))), "REJECTED_INSUFFICIENT")
			s.want("commit too early", s.raw(model.Command{ID: id("c"), Kind: model.Commit, SKU: "A", Ref: lineOf("o", 1)}),
				"REJECTED_INSUFFICIENT")
			s.restock("in", "A", 2)
			s.want("commit", s.commit("o"), "GRANTED 2")
		}},
		{"adjust by a delta, or to a value somebody counted", func(s store) {
			s.restock("in", "A", 5)
			adjust := func(name string, c model.Command) string {
				c.ID, c.Kind, c.SKU = id(name), model.Adjust, "A"
				return s.do(c)
			}
			s.want("delta", adjust("a1", model.Command{Delta: model.Some(-2)}), "GRANTED -2")
			s.want("below zero", adjust("a2", model.Command{Delta: model.Some(-4)}), "REJECTED_INSUFFICIENT")
			seen := s.lane("A").StockVersion
			s.want("set", adjust("a3", model.Command{Set: model.Some(10), ExpectedVersion: model.Some(seen)}), "GRANTED 7")
			s.want("set from an old count", adjust("a4", model.Command{Set: model.Some(1), ExpectedVersion: model.Some(seen)}), "INVALID")
			s.wantLane("A", 10, 0)
		}},
		{"an amendment replaces a reservation", func(s store) {
			s.restock("in", "A", 5)
			s.checkout(basket("o", model.AllOrNothing, line("A", 4)))
			amend := model.Command{ID: id("am"), Kind: model.Reserve, SKU: "A", OrderID: id("o2"), Line: 1, Qty: 5,
				Policy: model.AllOrNothing, Ref: lineOf("o", 1)}
			s.want("amendment", s.raw(amend), "GRANTED 5")
			s.wantLane("A", 5, 5)
			amend.ID = id("am2")
			s.want("of what is gone", s.raw(amend), "REJECTED_CANCELLED")
		}},
		{"what refers to nothing, or to another lane, is invalid", func(s store) {
			s.restock("in-a", "A", 5)
			s.restock("in-b", "B", 5)
			s.want("unknown lane", s.checkout(basket("x", model.Partial, line("never", 1))), "INVALID")
			if d := s.commandRow(lineOf("x", 1)).Decision; d.Seq != 0 {
				s.Errorf("on an unknown lane it took seq %d", d.Seq)
			}
			s.checkout(basket("o", model.Partial, line("A", 2)))
			for _, k := range []model.Kind{model.Commit, model.Release} {
				s.want(k.String()+" on another lane", s.raw(model.Command{ID: id("b" + k.String()), Kind: k, SKU: "B", Ref: lineOf("o", 1)}), "INVALID")
			}
			s.want("commit of nothing", s.raw(model.Command{ID: id("c"), Kind: model.Commit, SKU: "A", Ref: id("nothing")}), "INVALID")
			s.wantLane("A", 5, 2)
			s.wantLane("B", 5, 0)
		}},
	} {
		t.Run(flow.name, func(t *testing.T) { inBothModes(t, flow.run) })
	}
}

// An all-or-nothing order with one short line holds nothing: at once where one transaction decides
// it, by its saga where lines are decided apart.
func TestAllOrNothingHoldsNothingWhenOneLineIsShort(t *testing.T) {
	for mode, want := range map[inventory.AdmissionMode]string{
		inventory.Sync:  "REJECTED_SIBLING, REJECTED_INSUFFICIENT, REJECTED_SIBLING",
		inventory.Async: "GRANTED 2, REJECTED_INSUFFICIENT, GRANTED 1",
	} {
		t.Run(string(mode), func(t *testing.T) {
			h := newHouse(t)
			h.run("connector", "worker", "coordinator")
			s := store{h, h.front(mode)}
			s.restock("in-a", "A", 5)
			s.restock("in-b", "B", 1)
			s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2), line("B", 2), line("A", 1))), want)
			s.until("nothing is held", func() bool { return s.lane("A").Reserved == 0 })
			if got := s.commit("o"); mode == inventory.Async && got != "GRANTED 2, NOOP_ALREADY, GRANTED 1" && got != "GRANTED 2, absent, GRANTED 1" {
				t.Errorf("commit of an order that was released: %s", got)
			}
			s.wantLane("A", 5, 0)
			s.wantLane("B", 1, 0)
			h.booksAgree()
		})
	}
}

// Lines of one all-or-nothing order share their stock: they are evaluated together.
func TestAllOrNothingCountsLinesOfOneSKUTogether(t *testing.T) {
	h := newHouse(t)
	s := store{h, h.front(inventory.Sync)}
	s.restock("in", "A", 5)
	for i, c := range []struct {
		first, second int64
		want          string
	}{{3, 3, "REJECTED_SIBLING, REJECTED_SIBLING"}, {3, 2, "GRANTED 3, GRANTED 2"}} {
		got := s.checkout(basket(fmt.Sprint("o", i), model.AllOrNothing, line("A", c.first), line("A", c.second)))
		s.want(fmt.Sprint(c.first, " and ", c.second), got, c.want)
	}
	h.booksAgree()
}
