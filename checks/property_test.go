package checks

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"stockproof/model"
)

// randomCommands are up to n commands on a few SKUs, repetitions and references to earlier and later
// ones included. Ids follow from the index, so that a reference may come before what it refers to.
func randomCommands(t *rapid.T, w *world, skus, n int) []model.Command {
	var made []model.Command
	locations := []model.Location{model.MainLocation, "east"}
	for i := range rapid.IntRange(1, n).Draw(t, "commands") {
		if i > 0 && rapid.IntRange(0, 5).Draw(t, "repeat") == 0 {
			made = append(made, made[rapid.IntRange(0, i-1).Draw(t, "which")])
			continue
		}
		sku := model.SKU(fmt.Sprint("s", rapid.IntRange(1, skus).Draw(t, "sku")))
		c := w.command(fmt.Sprint("c", i), model.Kind(rapid.IntRange(1, 9).Draw(t, "kind")), sku)
		if rapid.IntRange(0, 7).Draw(t, "loc") == 0 {
			c.Loc = "east"
		}
		if rapid.IntRange(0, 2).Draw(t, "stock") == 0 {
			c.Kind = model.Restock
		}
		qty := rapid.Int64Range(1, 9).Draw(t, "qty")
		ref := w.id(fmt.Sprint("c", rapid.IntRange(max(0, i-6), i+2).Draw(t, "ref")))
		if ref == c.ID {
			ref = w.id("c-none")
		}
		for _, m := range made { // most references are to the lane they are on
			if m.ID == ref && m.Kind == model.Reserve && rapid.IntRange(0, 9).Draw(t, "astray") > 0 {
				c.SKU, c.Loc = m.SKU, m.Loc
			}
		}
		switch c.Kind {
		case model.Reserve:
			c.OrderID, c.Line, c.Qty = w.id(fmt.Sprint("order", i)), 1, qty
			c.Policy = model.Policy(rapid.IntRange(1, 2).Draw(t, "policy"))
			c.Deadline = rapid.Int64Range(0, 2).Draw(t, "deadline")
			if rapid.IntRange(0, 5).Draw(t, "amends") == 0 {
				c.Ref = ref
			}
		case model.Commit, model.Release:
			c.Ref = ref
		case model.Expire:
			c.Ref, c.Deadline = ref, rapid.Int64Range(1, 2).Draw(t, "deadline")
		case model.Return:
			c.Ref, c.Qty = ref, qty
		case model.Restock:
			c.Qty = qty
		case model.Adjust:
			if rapid.Bool().Draw(t, "set") {
				c.Set, c.ExpectedVersion = model.Some(qty), model.Some(rapid.Int64Range(0, 3).Draw(t, "version"))
			} else {
				c.Delta = model.Some([]int64{-qty, qty}[rapid.IntRange(0, 1).Draw(t, "sign")])
			}
		case model.Transfer:
			c.Qty, c.ToLoc = qty, locations[0]
			if c.Loc == locations[0] {
				c.ToLoc = locations[1]
			}
		case model.SetLimit:
			c.Safety = model.Some(rapid.Int64Range(0, 3).Draw(t, "safety"))
			c.BackorderLimit = model.Some(rapid.Int64Range(0, 5).Draw(t, "limit"))
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("the generator made %v: %v", c, err)
		}
		made = append(made, c)
	}
	return made
}

// randomRun sends random commands, and between them all-or-nothing orders of several lines.
func randomRun(t *rapid.T) *world {
	w := newWorld()
	w.ownReason = rapid.Bool().Draw(t, "own reason")
	for i, c := range randomCommands(t, w, 3, 40) {
		w.send(c)
		if rapid.IntRange(0, 9).Draw(t, "unit") > 0 {
			continue
		}
		var lines []model.Command
		for n := range rapid.Int32Range(2, 4).Draw(t, "lines") {
			sku := model.SKU(fmt.Sprint("s", rapid.IntRange(1, 3).Draw(t, "sku")))
			qty := rapid.Int64Range(1, 6).Draw(t, "qty")
			lines = append(lines, w.reserve(fmt.Sprint("unit", i), n+1, sku, qty, model.AllOrNothing))
		}
		w.order(lines...)
	}
	return w
}

func TestAnyRunOfDecideWithDuplicatesIsClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { wantClean(t, Check(randomRun(t).history())) })
}

// corruptions change one thing in one row of the audit; they answer false where there is no such row.
var corruptions = []struct {
	name  string
	apply func(a *Audit, pick func(n int) int) bool
}{
	{"ledger row lost", func(a *Audit, pick func(int) int) bool {
		i := pick(len(a.Ledger))
		a.Ledger = slices.Delete(a.Ledger, i, i+1)
		return true
	}},
	{"ledger row twice", func(a *Audit, pick func(int) int) bool {
		a.Ledger = append(a.Ledger, a.Ledger[pick(len(a.Ledger))])
		return true
	}},
	{"ledger seq", func(a *Audit, pick func(int) int) bool { a.Ledger[pick(len(a.Ledger))].Seq++; return true }},
	{"ledger outcome", func(a *Audit, pick func(int) int) bool {
		r := &a.Ledger[pick(len(a.Ledger))]
		r.Outcome = r.Outcome%model.Invalid + 1
		return true
	}},
	{"ledger granted", func(a *Audit, pick func(int) int) bool {
		a.Ledger[pick(len(a.Ledger))].Granted++
		return true
	}},
	{"ledger on hand", func(a *Audit, pick func(int) int) bool {
		a.Ledger[pick(len(a.Ledger))].OnHandAfter--
		return true
	}},
	{"ledger reserved", func(a *Audit, pick func(int) int) bool {
		a.Ledger[pick(len(a.Ledger))].ReservedAfter++
		return true
	}},
	{"ledger avail", func(a *Audit, pick func(int) int) bool {
		a.Ledger[pick(len(a.Ledger))].AvailAfter++
		return true
	}},
	{"ledger command", func(a *Audit, pick func(int) int) bool {
		a.Ledger[pick(len(a.Ledger))].Command = model.NameID("another")
		return true
	}},
	{"ledger kind", func(a *Audit, pick func(int) int) bool {
		r := &a.Ledger[pick(len(a.Ledger))]
		r.Kind = r.Kind%model.SetLimit + 1
		return true
	}},
	{"lane on hand", func(a *Audit, pick func(int) int) bool { a.Lanes[pick(len(a.Lanes))].OnHand++; return true }},
	{"lane reserved", func(a *Audit, pick func(int) int) bool {
		a.Lanes[pick(len(a.Lanes))].Reserved++
		return true
	}},
	{"lane seq", func(a *Audit, pick func(int) int) bool { a.Lanes[pick(len(a.Lanes))].Seq--; return true }},
	{"lane limit", func(a *Audit, pick func(int) int) bool {
		a.Lanes[pick(len(a.Lanes))].BackorderLimit++
		return true
	}},
	{"lane lost", func(a *Audit, pick func(int) int) bool {
		i := pick(len(a.Lanes))
		a.Lanes = slices.Delete(a.Lanes, i, i+1)
		return true
	}},
	{"line granted", func(a *Audit, pick func(int) int) bool {
		if len(a.Lines) == 0 {
			return false
		}
		a.Lines[pick(len(a.Lines))].Granted++
		return true
	}},
	{"line committed", func(a *Audit, pick func(int) int) bool {
		if len(a.Lines) == 0 {
			return false
		}
		l := &a.Lines[pick(len(a.Lines))]
		was := l.State
		l.State = model.LineCommitted
		return was != model.LineCommitted
	}},
	{"line returned", func(a *Audit, pick func(int) int) bool {
		if len(a.Lines) == 0 {
			return false
		}
		a.Lines[pick(len(a.Lines))].Returned++
		return true
	}},
	{"command outcome", func(a *Audit, pick func(int) int) bool {
		c := &a.Commands[pick(len(a.Commands))]
		c.Decision.Outcome = c.Decision.Outcome%model.Invalid + 1
		return true
	}},
	{"command undecided", func(a *Audit, pick func(int) int) bool {
		a.Commands[pick(len(a.Commands))].Decision = model.Decision{}
		return true
	}},
	{"command lost", func(a *Audit, pick func(int) int) bool {
		i := pick(len(a.Commands))
		a.Commands = slices.Delete(a.Commands, i, i+1)
		return true
	}},
	{"speed avail", func(a *Audit, pick func(int) int) bool { a.Speed[pick(len(a.Speed))].Avail++; return true }},
	{"speed epoch", func(a *Audit, pick func(int) int) bool { a.Speed[pick(len(a.Speed))].Epoch++; return true }},
	{"speed missing", func(a *Audit, pick func(int) int) bool {
		a.Speed[pick(len(a.Speed))].Found = false
		return true
	}},
	{"feed seq", func(a *Audit, pick func(int) int) bool { a.Feeds[0].Rows[pick(len(a.Speed))].Seq--; return true }},
	{"supply", func(a *Audit, pick func(int) int) bool { a.Supply[pick(len(a.Supply))].Units++; return true }},
}

func TestAnySingleCorruptionOfTheAuditIsDetected(t *testing.T) {
	for _, c := range corruptions {
		t.Run(c.name, func(t *testing.T) {
			applied := 0
			rapid.Check(t, func(t *rapid.T) {
				h := randomRun(t).history()
				if len(h.Audit.Ledger) == 0 {
					return
				}
				pick := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "row") }
				if !c.apply(&h.Audit, pick) {
					return
				}
				applied++
				reports := Check(h)
				for _, r := range reports {
					if r.Verdict == Fail && (r.Why == "" || len(r.Findings) == 0) {
						t.Fatalf("%s fails and says nothing", r.Guarantee)
					}
				}
				if got := Judge(reports, Conditions{Decisions: 1}); got != Violated && got != Stalled && got != NotLinearizable {
					t.Fatalf("not detected: %s", got)
				}
			})
			if applied == 0 {
				t.Fatal("the corruption was never applied")
			}
		})
	}
}
