package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// The same submission again has the same answers and no effect, whoever answers: the front that
// decided, the other kind of front, before and after what came later.
func TestTheSameAgainIsAnsweredAlike(t *testing.T) {
	inBothModes(t, func(s store) {
		other := inventory.Sync
		if s.o.Admission == inventory.Sync {
			other = inventory.Async
		}
		second := store{s.house, s.front(other)}
		s.restock("in", "A", 5)
		o := basket("o", model.Partial, line("A", 3), line("A", 3), line("B", 1))
		first := s.checkout(o)
		s.restock("later", "A", 9)
		s.want("again", s.checkout(o), first)
		s.want("again, at the other front", second.checkout(o), first)
		s.want("a restock again", second.restock("in", "A", 5), "GRANTED 5")
		s.commit("o")
		s.want("again, after the commit", s.checkout(o), first)
		s.wantLane("A", 9, 0)
		as, err := s.Orders.Checkout(s.ctx, o)
		s.must(err)
		for _, a := range as {
			if !a.Duplicate {
				s.Errorf("line %d is not said to be known", a.Line)
			}
		}
	})
}

// An id that is known with another body, or among other siblings, is a mismatch and does nothing.
func TestTheSameIDWithAnotherBodyIsAMismatch(t *testing.T) {
	base := basket("o", model.Partial, line("A", 1), line("A", 2))
	for name, change := range map[string]func(*inventory.Order){
		"quantity":      func(o *inventory.Order) { o.Lines[1].Qty = 1 },
		"sku":           func(o *inventory.Order) { o.Lines[0].SKU = "B" },
		"location":      func(o *inventory.Order) { o.Lines[0].Loc = "shelf" },
		"policy":        func(o *inventory.Order) { o.Policy = model.AllOrNothing },
		"one line less": func(o *inventory.Order) { o.Lines = o.Lines[:1] },
		"one line more": func(o *inventory.Order) { o.Lines = append(o.Lines, line("A", 1)) },
		"other order":   func(o *inventory.Order) { o.Lines[0].Command = lineOf("o", 1); o.ID = model.NameID("p") },
		"other ids": func(o *inventory.Order) {
			o.Lines[0].Command, o.Lines[1].Command = model.NameID("x"), model.NameID("y")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(s store) {
				s.restock("in-a", "A", 9)
				s.restock("in-b", "B", 9)
				s.checkout(base)
				changed := base
				changed.Lines = append([]inventory.OrderLine(nil), base.Lines...)
				change(&changed)
				got := s.checkout(changed)
				want := strings.TrimSuffix(strings.Repeat("mismatch, ", len(changed.Lines)), ", ")
				s.want("changed order", got, want)
				s.want("the order as it was", s.checkout(base), "GRANTED 1, GRANTED 2")
				s.wantLane("A", 9, 3)
				s.wantLane("B", 9, 0)
			})
		})
	}
	t.Run("restock", func(t *testing.T) {
		inBothModes(t, func(s store) {
			s.restock("in", "A", 5)
			s.want("changed restock", s.restock("in", "A", 6), "mismatch")
			s.wantLane("A", 5, 0)
		})
	})
}

// Two submissions with one id in one group commit: the second is a duplicate, or a mismatch.
func TestOneGroupCommitWithOneIDTwice(t *testing.T) {
	inBothModes(t, func(s store) {
		s.restock("in", "A", 50)
		o := basket("o", model.AllOrNothing, line("A", 2))
		wrong := basket("o", model.AllOrNothing, line("A", 3))
		answers := make(chan string, 16)
		for i := range cap(answers) {
			go func() {
				asked := o
				if i%2 == 1 {
					asked = wrong
				}
				as, err := s.Orders.Checkout(s.ctx, asked)
				if err == nil {
					err = s.Orders.Await(s.ctx, as)
				}
				if err != nil {
					answers <- err.Error()
					return
				}
				answers <- say(as)
			}()
		}
		seen := map[string]int{}
		for range cap(answers) {
			seen[<-answers]++
		}
		if granted := seen["GRANTED 2"] + seen["GRANTED 3"]; granted != 8 || seen["mismatch"] != 8 {
			s.Errorf("eight times each: %v", seen)
		}
		if r := s.lane("A").Reserved; r != 2 && r != 3 {
			s.Errorf("%d reserved, want one of the orders", r)
		}
	})
}

// An order that contradicts itself, or the contract, is refused with the name of what is wrong, and
// nothing of it is done.
func TestBadOrdersAreRefusedByName(t *testing.T) {
	twice := model.NameID("twice")
	for name, c := range map[string]struct {
		order inventory.Order
		names string
	}{
		"two lines with one number": {basket("o", model.Partial, inventory.OrderLine{SKU: "A", Qty: 1, Number: 2},
			inventory.OrderLine{SKU: "A", Qty: 2, Number: 2}), "same number 2"},
		"two lines with one id": {basket("o", model.Partial, inventory.OrderLine{SKU: "A", Qty: 1, Command: twice},
			inventory.OrderLine{SKU: "A", Qty: 2, Command: twice}), "same id"},
		"nothing":            {basket("o", model.Partial), "lines"},
		"negative quantity":  {basket("o", model.Partial, line("A", -1)), "qty"},
		"oversized quantity": {basket("o", model.Partial, line("A", model.MaxQuantity+1)), "qty"},
		"invalid UTF-8":      {basket("o", model.Partial, line("\xff", 1)), "sku"},
		"NUL":                {basket("o", model.Partial, line("a\x00", 1)), "sku"},
		"no policy":          {basket("o", 0, line("A", 1)), "policy"},
		"no id":              {inventory.Order{Policy: model.Partial, Lines: []inventory.OrderLine{line("A", 1)}}, "order_id"},
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(s store) {
				_, err := s.Orders.Checkout(s.ctx, c.order)
				var broken *model.ContractError
				if !errors.Is(err, port.ErrContract) || !errors.As(err, &broken) || !strings.Contains(err.Error(), c.names) {
					s.Fatalf("%v, want a contract violation that names %s", err, c.names)
				}
				read := &port.ScanCommands{Max: 10}
				if s.must(s.p.Truth.Do(s.ctx, read)); len(read.Rows) != 0 {
					s.Errorf("%d commands were accepted", len(read.Rows))
				}
			})
		})
	}
}
