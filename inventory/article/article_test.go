package article_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/cdc"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
)

// house is the article's design on servers in memory.
type house struct {
	*testing.T
	ctx   context.Context
	world *sim.MemoryWorld
	o     inventory.Options
	front inventory.Front
	p     inventory.Ports
}

// newHouse starts connector, worker and front.
func newHouse(t *testing.T, tweaks ...func(*inventory.Options)) *house {
	d, o := article.Design(), inventory.DefaultOptions()
	o.Partitions, o.ReconcilePeriod = 1, 5*time.Millisecond
	o.Backoff = inventory.Backoff{Base: time.Millisecond, Cap: 10 * time.Millisecond}
	for _, tweak := range tweaks {
		tweak(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	h := &house{T: t, ctx: ctx, o: o, world: sim.NewMemoryWorld(sim.WorldOptions{Topics: sim.Topics(d), Partitions: 1})}
	h.p = h.open("test")
	h.must(h.p.Truth.Do(ctx, &port.SetEpoch{}))
	p := h.open("connector")
	h.start(cdc.New(h.world.Slot("house", d.Connector.Tables...), p.Broker, p.Runtime, debezium.ForDesign(*d.Connector), cdc.Options{}))
	h.run("worker")
	h.front = d.Front(h.p, o)
	return h
}

func (h *house) open(name string) inventory.Ports {
	p, done, err := h.world.Open(name)
	h.must(err)
	h.Cleanup(done)
	return p
}

func (h *house) run(role string) {
	roles := article.Design().Roles
	i := slices.IndexFunc(roles, func(r inventory.Role) bool { return r.Name == role })
	h.start(roles[i].New(h.open(role), h.o))
}

func (h *house) start(process port.Process) {
	ctx, cancel := context.WithCancel(h.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { _ = process.Run(ctx) }) // it ends with its context
	h.Cleanup(func() { cancel(); wg.Wait() })
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) until(what string, is func() bool) {
	h.Helper()
	for !is() {
		if h.ctx.Err() != nil {
			h.Fatalf("never came true: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// restock brings units in and waits until Redis has them.
func (h *house) restock(name string, sku model.SKU, qty int64) {
	h.Helper()
	a, err := h.front.Orders.Submit(h.ctx, model.Command{ID: model.NameID(name), Kind: model.Restock, SKU: sku, Qty: qty})
	h.must(err)
	h.must(h.front.Orders.Await(h.ctx, []inventory.Answer{a}))
}

// place submits an order without waiting.
func (h *house) place(name string, lines ...inventory.OrderLine) []inventory.Answer {
	h.Helper()
	as, err := h.front.Orders.Checkout(h.ctx, inventory.Order{ID: model.NameID(name), Policy: model.Partial, Lines: lines})
	h.must(err)
	return as
}

// order submits an order and waits for its decisions.
func (h *house) order(name string, lines ...inventory.OrderLine) []inventory.Answer {
	h.Helper()
	as := h.place(name, lines...)
	h.must(h.front.Orders.Await(h.ctx, as))
	return as
}

// statuses are the statuses of an order's rows.
func (h *house) statuses(name string) string {
	h.Helper()
	find := &port.FindShopOrders{Schema: port.ArticleSchema, Orders: []model.ID{model.NameID(name)}}
	h.must(h.p.Truth.Do(h.ctx, find))
	var words []string
	for _, r := range find.Rows {
		words = append(words, string(r.Status))
	}
	return strings.Join(words, " ")
}

// redis is the counter of a SKU, books its stock row.
func (h *house) redis(sku string) int64 {
	h.Helper()
	op := &port.GetStock{SKU: sku}
	h.must(h.p.Speed.Do(h.ctx, op))
	return op.Stock
}

func (h *house) books(sku model.SKU) int64 {
	h.Helper()
	read := &port.ReadShopStock{Schema: port.ArticleSchema, SKUs: []model.SKU{sku}}
	h.must(h.p.Truth.Do(h.ctx, read))
	if len(read.Found) == 0 {
		return 0
	}
	return read.Found[0].Stock
}

func (h *house) wantStock(sku string, redis, books int64) {
	h.Helper()
	if r, b := h.redis(sku), h.books(model.SKU(sku)); r != redis || b != books {
		h.Errorf("%s: Redis %d, books %d, want %d and %d", sku, r, b, redis, books)
	}
}

// settled waits until everything that is in the topic was consumed.
func (h *house) settled() {
	h.Helper()
	h.until("the topic is consumed", func() bool {
		_, ends, err := h.p.Broker.End(h.ctx, model.OrderTopic)
		h.must(err)
		at, ok := h.world.Kafka.Committed("article-inventory", model.OrderTopic, 0)
		return ok && at.Offset >= ends[0]
	})
}

func line(sku model.SKU, qty int64) inventory.OrderLine {
	return inventory.OrderLine{SKU: sku, Qty: qty}
}

// A record that comes again within the token's life does nothing; after it, it deducts again.
func TestATokenAbsorbsDuplicatesAsLongAsItLives(t *testing.T) {
	h := newHouse(t)
	h.restock("in", "A", 9)
	h.order("o", line("A", 2))
	h.settled()
	h.wantStock("A", 7, 7)
	last := func() int64 {
		rs := h.world.Kafka.Records(model.OrderTopic)
		for _, r := range slices.Backward(rs) { // the record of the order's insertion
			if e, err := h.p.OrderEvent(r); err == nil && e.Op == 'c' && e.Row.OrderID == model.NameID("o") {
				return r.Offset
			}
		}
		t.Fatal("there is no record of the order")
		return 0
	}()
	h.world.Kafka.Duplicate(model.OrderTopic, 0, last)
	h.settled()
	h.wantStock("A", 7, 7)
	h.world.AdvanceRedis(25 * time.Hour)
	h.world.Kafka.Duplicate(model.OrderTopic, 0, last)
	h.settled()
	h.wantStock("A", 5, 5)
}

// The token is the order's: the second line of one SKU is taken for a duplicate and never decided.
func TestTheSecondLineOfOneSKUIsDropped(t *testing.T) {
	h := newHouse(t)
	h.restock("in", "A", 9)
	h.restock("in-b", "B", 9)
	h.place("o", line("A", 2), line("B", 3), line("A", 1))
	h.until("the first lines are decided", func() bool { return strings.Count(h.statuses("o"), "GRANTED") == 2 })
	h.settled()
	if got := h.statuses("o"); got != "GRANTED GRANTED PENDING" {
		t.Errorf("rows are %s", got)
	}
	h.wantStock("A", 7, 7)
	h.wantStock("B", 6, 6)
}

// A refusal is not remembered: the same record again, once there is stock, is granted.
func TestARefusalIsNotRemembered(t *testing.T) {
	h := newHouse(t)
	h.restock("in", "A", 1)
	if as := h.order("o", line("A", 2)); as[0].Outcome != model.RejectedInsufficient {
		t.Fatalf("answer %+v", as[0])
	}
	h.settled()
	first := int64(-1)
	for _, r := range h.world.Kafka.Records(model.OrderTopic) {
		if e, err := h.p.OrderEvent(r); err == nil && e.Op == 'c' && e.Row.OrderID == model.NameID("o") {
			first = r.Offset
		}
	}
	h.restock("more", "A", 5)
	h.world.Kafka.Duplicate(model.OrderTopic, 0, first)
	h.until("the client who was refused is granted", func() bool { return h.statuses("o") == "GRANTED" })
	h.settled()
	h.wantStock("A", 4, 4)
}

// What Redis grants and the CHECK refuses marks the order and does not block the partition.
func TestAViolatedCheckMarksTheOrder(t *testing.T) {
	h := newHouse(t)
	h.restock("in", "A", 2)
	h.must(h.p.Speed.Do(h.ctx, &port.SetStock{SKU: "A", Stock: 50}))
	h.order("o", line("A", 5))
	h.until("the order is marked", func() bool { return h.statuses("o") == "OVERSOLD" })
	h.restock("in-b", "B", 3) // the partition goes on
	h.wantStock("B", 3, 3)
	if b := h.books("A"); b != 2 {
		t.Errorf("the stock row says %d", b)
	}
}

// A record that cannot be read, or holds what is no SKU, is a dead letter, and the partition goes on.
func TestABadRecordIsADeadLetter(t *testing.T) {
	for name, value := range map[string]string{
		"malformed":         `{"op":`,
		"no envelope":       `{"hello":1}`,
		"fractional number": `{"before":null,"after":{"id":1,"order_id":"` + model.NameID("x").String() + `","sku_id":"A","quantity":1.5,"status":"PENDING","created_at":1},"op":"c"}`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.must(h.p.Broker.Produce(h.ctx, port.Record{Topic: model.OrderTopic, Key: []byte("A"), Value: []byte(value)}))
			h.restock("in", "A", 4)
			h.wantStock("A", 4, 4)
			rs := h.world.Kafka.Records(model.DeadTopic)
			if len(rs) != 1 || !strings.Contains(string(rs[0].Value), `"offset":0`) {
				t.Errorf("dead letters %+v", rs)
			}
		})
	}
}

// The quantity of an order is deducted as it stands in the record, whatever it is, and its token is spent; only what is no
// integer is a dead letter.
func TestAQuantityIsDeductedAsItStands(t *testing.T) {
	const another = "another" // whose order nobody inserted: the record is all that there is of it
	for qty, want := range map[string]struct{ stock, letters int64 }{
		"-7": {10, 0}, "0": {3, 0}, "3": {0, 0}, "100000000000000000": {3, 0},
		"1.5": {3, 1}, `"0x2"`: {3, 1}, `"1e1"`: {3, 1}, "9223372036854775808": {3, 1},
	} {
		t.Run(qty, func(t *testing.T) {
			h := newHouse(t)
			h.restock("in", "A", 4)
			h.order("o", line("A", 1))
			for _, r := range h.world.Kafka.Records(model.OrderTopic) {
				if e, err := h.p.OrderEvent(r); err != nil || e.Op != 'c' || e.Row.OrderID != model.NameID("o") {
					continue
				}
				value := strings.NewReplacer(`"qty":1,`, `"qty":`+qty+`,`, model.NameID("o").String(), model.NameID(another).String(),
					`"after":{"id":`, `"after":{"id":99`).Replace(string(r.Value))
				h.must(h.p.Broker.Produce(h.ctx, port.Record{Topic: r.Topic, Partition: -1, Key: r.Key, Value: []byte(value)}))
			}
			h.settled()
			h.wantStock("A", want.stock, 3)
			if rs := h.world.Kafka.Records(model.DeadTopic); int64(len(rs)) != want.letters {
				t.Errorf("%d dead letters, want %d", len(rs), want.letters)
			}
		})
	}
}

// A restock of less than nothing goes to the script of restocks, which subtracts it.
func TestARestockOfLessThanNothingIsCredited(t *testing.T) {
	h := newHouse(t)
	h.restock("in", "A", 4)
	shop := inventory.NewShop(h.p, h.o, port.ArticleSchema)
	rows := &port.InsertShopOrders{Schema: port.ArticleSchema, Rows: []port.ShopOrder{{OrderID: model.NameID("less"), SKU: "A", Qty: 1, Status: port.ShopRestock}}}
	h.must(h.p.Truth.Do(h.ctx, rows))
	h.until("it is restocked", func() bool { return h.statuses("less") == "RESTOCKED" })
	h.wantStock("A", 5, 5)
	h.must(shop.Apply(h.ctx, port.ShopOrder{ID: rows.IDs[0], OrderID: model.NameID("other"), SKU: "A", Qty: -2, Status: port.ShopRestock}))
	h.wantStock("A", 3, 3)
}

// Updates are no orders, unless the consumer takes every op: then the worker's own writes deduct.
func TestOnlyInsertsCount(t *testing.T) {
	for _, every := range []bool{false, true} {
		t.Run(fmt.Sprint("every op ", every), func(t *testing.T) {
			h := newHouse(t, func(o *inventory.Options) { o.EveryOp, o.TokenTTL = every, "1" })
			h.restock("in", "A", 9)
			h.order("o", line("A", 2))
			h.settled()
			h.wantStock("A", 7, 7) // the update comes within the token's life
			h.world.AdvanceRedis(2 * time.Second)
			var update *port.Record
			h.until("the update is in the log", func() bool {
				for _, r := range h.world.Kafka.Records(model.OrderTopic) {
					if e, err := h.p.OrderEvent(r); err == nil && e.Op == 'u' && e.Row.OrderID == model.NameID("o") {
						update = &r
					}
				}
				return update != nil
			})
			h.world.Kafka.Duplicate(model.OrderTopic, 0, update.Offset)
			h.settled()
			want := int64(7)
			if every {
				want = 5
			}
			h.wantStock("A", want, want)
		})
	}
}

// The blind SET of reconciliation and bootstrap puts Redis where PostgreSQL is, whatever it did since;
// bootstrap leaves out what is not decided.
func TestReconciliationIsABlindSet(t *testing.T) {
	for role, pending := range map[string]int64{"reconciler": 0, "bootstrap": 4} {
		t.Run(role, func(t *testing.T) {
			h := newHouse(t)
			h.restock("in", "A", 9)
			h.order("o", line("A", 2))
			h.settled()
			undecided := port.ShopOrder{OrderID: model.NameID("late"), SKU: "A", Qty: pending, Status: port.ShopPending}
			if pending > 0 { // its token is taken: the worker leaves it as it is
				h.must(h.p.Speed.Do(h.ctx, &port.Credit{SKU: "A", Order: undecided.OrderID.String(), Qty: "1", TTL: "999"}))
				h.must(h.p.Truth.Do(h.ctx, &port.InsertShopOrders{Schema: port.ArticleSchema, Rows: []port.ShopOrder{undecided}}))
				h.settled()
			}
			h.must(h.p.Speed.Do(h.ctx, &port.SetStock{SKU: "A", Stock: 1000}))
			h.run(role)
			h.until("Redis is where PostgreSQL is", func() bool { return h.redis("A") == 7-pending })
		})
	}
}

// Shards: a dry one passes an order on to the next, and a reader is shown the sum.
func TestShards(t *testing.T) {
	h := newHouse(t, func(o *inventory.Options) { o.Shards = 3 })
	for i := range 6 {
		h.restock(fmt.Sprint("in", i), "A", 1)
	}
	granted := 0
	for i := range 8 {
		if as := h.order(fmt.Sprint("o", i), line("A", 1)); as[0].Outcome == model.Granted {
			granted++
		}
	}
	h.settled()
	levels, err := h.front.Stock.Read(h.ctx, nil, model.LaneKey{SKU: "A", Loc: model.MainLocation})
	h.must(err)
	if granted != 6 || levels[0].Avail != 0 || h.books("A") != 0 {
		t.Errorf("%d granted of 6, %d shown, %d in the books", granted, levels[0].Avail, h.books("A"))
	}
	var ops []port.SpeedOp
	for shard := range 4 {
		ops = append(ops, &port.GetStock{SKU: "A", Shard: shard})
	}
	h.must(h.p.Speed.Do(h.ctx, ops...))
	if ops[0].(*port.GetStock).Found {
		t.Error("there is an unsharded counter too")
	}
}

// What the article has no command for is answered with a value.
func TestUnsupportedCommands(t *testing.T) {
	h := newHouse(t)
	a, err := h.front.Orders.Submit(h.ctx, model.Command{ID: model.NameID("t"), Kind: model.Transfer, SKU: "A", ToLoc: "shelf", Qty: 1})
	if h.must(err); a.Status != inventory.Unsupported {
		t.Errorf("transfer: %+v", a)
	}
	_, as, err := h.front.Orders.Commit(h.ctx, model.NameID("o"))
	if h.must(err); len(as) != 1 || as[0].Status != inventory.Unsupported {
		t.Errorf("commit: %+v", as)
	}
}
