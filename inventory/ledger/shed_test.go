package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

func shedding(o *inventory.Options) { o.Shed, o.ShedAge = true, time.Hour }

// shelf is a store whose speed layer shows A sold out, B with stock, C sold out but with a backorder
// limit, all of them with an age.
func shelf(t *testing.T, mode inventory.AdmissionMode) store {
	h := newHouse(t, shedding)
	h.run("connector", "worker", "projection", "heart")
	s := store{h, h.front(mode)}
	for _, sku := range []model.SKU{"A", "B", "C"} {
		s.restock("in-"+string(sku), sku, 2)
	}
	s.do(model.Command{ID: model.NameID("limit"), Kind: model.SetLimit, SKU: "C", BackorderLimit: model.Some(3)})
	s.want("first", s.checkout(basket("first", model.Partial, line("A", 2), line("C", 2))), "GRANTED 2, GRANTED 2")
	s.shows(port.SpeedSpace, "A", "0 at 2")
	s.shows(port.SpeedSpace, "B", "2 at 1")
	s.shows(port.SpeedSpace, "C", "0 at 3")
	for _, sku := range []model.SKU{"A", "B", "C"} {
		s.until("there is an age", func() bool { return s.reads(nil, sku).AgeMS >= 0 })
	}
	return s
}

// commands is how many the truth knows.
func (h *house) commands() int {
	h.Helper()
	read := &port.ScanCommands{Max: 1000}
	h.must(h.p.Truth.Do(h.ctx, read))
	return len(read.Rows)
}

// What the speed layer shows to be hopeless is shed, and nothing of it is stored; what somebody
// accepted before never is.
func TestTheHopelessIsShed(t *testing.T) {
	for _, mode := range []inventory.AdmissionMode{inventory.Sync, inventory.Async} {
		t.Run(string(mode), func(t *testing.T) {
			s := shelf(t, mode)
			before := s.commands()
			all, some := model.AllOrNothing, model.Partial
			s.want("sold out", s.checkout(basket("o1", all, line("A", 1))), "shed")
			s.want("partial, all sold out", s.checkout(basket("o2", some, line("A", 1), line("A", 2))), "shed, shed")
			s.want("one of two", s.checkout(basket("o3", all, line("B", 1), line("A", 1))), "shed, shed")
			if n := s.commands(); n != before || s.ear.count("shed") != 5 {
				t.Errorf("%d commands stored, %d lines counted as shed", n-before, s.ear.count("shed"))
			}
			read := &port.KnownOrders{IDs: []model.ID{model.NameID("o1")}}
			if s.must(s.p.Truth.Do(s.ctx, read)); len(read.Rows) != 0 {
				t.Errorf("the order of a shed request is stored: %+v", read.Rows)
			}
			s.want("known", s.checkout(basket("first", some, line("A", 2), line("C", 2))), "GRANTED 2, GRANTED 2")
			s.want("partial with stock", s.checkout(basket("o4", some, line("B", 1), line("A", 1))),
				"GRANTED 1, REJECTED_INSUFFICIENT")
			s.want("within the limit", s.checkout(basket("o5", all, line("C", 1))), "BACKORDERED 1")
			s.want("no lane", s.checkout(basket("o6", all, line("D", 1))), "INVALID")
			s.want("supply", s.restock("more", "A", 5), "GRANTED 5")
			s.shows(port.SpeedSpace, "A", "5 at 4")
			s.want("the same again", s.checkout(basket("o1", all, line("A", 1))), "GRANTED 1")
			s.booksAgree()
		})
	}
}

// A view that is older than the bound is no reason to shed, nor is one without an age or none at all.
func TestAnOldViewShedsNothing(t *testing.T) {
	h := newHouse(t, shedding, func(o *inventory.Options) { o.ShedAge = 5 * time.Millisecond })
	crash := h.run("connector", "projection")
	s := store{h, h.front(inventory.Sync)}
	s.restock("in", "A", 1)
	s.checkout(basket("o", model.AllOrNothing, line("A", 1)))
	s.shows(port.SpeedSpace, "A", "0 at 2")
	refused := "REJECTED_INSUFFICIENT"
	s.want("no age", s.checkout(basket("o1", model.AllOrNothing, line("A", 1))), refused)
	stop := s.run("heart")
	s.until("there is an age", func() bool { return s.reads(nil, "A").AgeMS >= 0 })
	stop()
	crash()
	s.until("it is old", func() bool { return s.reads(nil, "A").AgeMS > 5 })
	s.want("too old", s.checkout(basket("o2", model.AllOrNothing, line("A", 1))), refused)
	s.world.Redis.RestartEmpty()
	s.want("no view", s.checkout(basket("o3", model.AllOrNothing, line("A", 1))), refused)
}

// A full queue sheds what is new, at once; what is known waits its turn and is answered, and so does
// the end of an order. Without the option everything waits.
func TestAFullQueueSheds(t *testing.T) {
	for _, mode := range []inventory.AdmissionMode{inventory.Sync, inventory.Async} {
		for _, sheds := range []bool{true, false} {
			t.Run(fmt.Sprint(mode, " ", sheds), func(t *testing.T) { fullQueue(t, mode, sheds) })
		}
	}
}

// looks is a truth that tells of look-ups: reads in no transaction.
type looks struct {
	port.Truth
	tell func()
}

func (l looks) Do(ctx context.Context, batch ...port.Statement) error {
	defer l.tell()
	return l.Truth.Do(ctx, batch...)
}

func fullQueue(t *testing.T, mode inventory.AdmissionMode, sheds bool) {
	h := newHouse(t, func(o *inventory.Options) { o.Shed, o.GroupMax, o.Loops = sheds, 1, 1 })
	var slow atomic.Bool
	stuck, resume := make(chan struct{}, 100), make(chan struct{})
	h.meddle(&meddled{refuse: func(st port.Statement) error {
		if _, ok := st.(*port.AcceptCommands); ok && slow.Load() {
			stuck <- struct{}{}
			<-resume
		}
		return nil
	}}, "front-"+string(mode))
	looked := make(chan struct{}, 100)
	meddle := h.truth
	h.truth = func(role string, t port.Truth) port.Truth {
		if t = meddle(role, t); role == "front-"+string(mode) {
			t = looks{t, func() { looked <- struct{}{} }}
		}
		return t
	}
	h.run("connector", "worker")
	s := store{h, h.front(mode)}
	s.restock("in", "A", 100)
	s.want("known", s.checkout(basket("known", model.AllOrNothing, line("A", 2))), "GRANTED 2")
	slow.Store(true)
	for len(looked) > 0 {
		<-looked
	}

	const room = 4 // of the queue: four times GroupMax
	var wg sync.WaitGroup
	answers := make(chan string, 100)
	send := func(name string) {
		wg.Go(func() {
			as, err := s.Orders.Checkout(s.ctx, basket(name, model.AllOrNothing, line("A", 1)))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			answers <- say(as)
		})
	}
	send("one")
	<-stuck // the loop is busy with it: the queue is empty
	for i := range 3 * room {
		send(fmt.Sprint("o", i))
	}
	if sheds {
		for range 2 * room {
			s.want("no room", <-answers, "shed")
			<-looked // nobody is shed before that
		}
	}
	waiting := make(chan string, 2)
	wg.Go(func() {
		as, err := s.Orders.Checkout(s.ctx, basket("known", model.AllOrNothing, line("A", 2)))
		waiting <- fmt.Sprintln(say(as), err)
	})
	wg.Go(func() {
		_, as, err := s.Orders.Cancel(s.ctx, model.NameID("known"))
		waiting <- fmt.Sprintln(len(as), err)
	})
	<-looked // one of the two has seen that the order is known
	if sheds {
		<-looked // and so has the other; without the option a repeated order does not look
	}
	slow.Store(false)
	close(resume)
	for range 2 {
		if got := <-waiting; got != "GRANTED 2 <nil>\n" && got != "1 <nil>\n" {
			t.Errorf("a known order was answered %s", got)
		}
	}
	wg.Wait()
	close(answers)
	rest, want := 0, 3*room+1
	for got := range answers {
		rest++
		if got == "shed" {
			t.Error("shed behind the queue")
		}
	}
	if sheds {
		want = room + 1
	}
	if rest != want {
		t.Errorf("%d orders were taken, want %d", rest, want)
	}
	s.until("all of them are decided", func() bool { return s.lane("A").Reserved == int64(want) })
	s.booksAgree()
}
