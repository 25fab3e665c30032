package timeline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"stockproof/adapters/debezium"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
)

// onLedger hears every decision of a ledger as it becomes visible.
func (t *Timeline) onLedger(r port.LedgerRow) {
	name := t.name(r.Command)
	if t.s.Names()[r.Command] == "" && t.early[r.Command] == "" {
		name = strings.ToLower(r.Kind.String())
	}
	t.wrote = append(t.wrote, fmt.Sprintf("%s %s, seq %d avail %d", name,
		outcome(model.Decision{Outcome: r.Outcome, Granted: r.Granted}), r.Seq, r.AvailAfter))
	t.ledger = append(t.ledger, laneSeq{r.Lane, r.Seq})
}

// onShopOrder hears every change of an order's row as it becomes visible.
func (t *Timeline) onShopOrder(_ port.Schema, before, after *port.ShopOrder) {
	switch {
	case after == nil:
		t.wrote = append(t.wrote, t.shopName(before)+" is gone")
	case before == nil:
		t.wrote = append(t.wrote, fmt.Sprintf("insert %s: %d %s", t.shopName(after), after.Qty, after.SKU))
	case before.Status != after.Status:
		t.wrote = append(t.wrote, fmt.Sprintf("%s %s", t.shopName(after), after.Status))
	}
}

// shopName is what people call an order's row; what is no purchase has an order id of its own.
func (t *Timeline) shopName(o *port.ShopOrder) string {
	name, known := t.s.Names()[o.OrderID]
	switch {
	case !known:
		return strings.ToLower(string(o.Status))
	case o.Status == port.ShopCancel || o.Status == port.ShopCancelled:
		return "cancel " + name
	}
	return name
}

func (t *Timeline) onShopStock(_ port.Schema, before, after *port.ShopStock) {
	t.shopLevel(before, after)
	switch {
	case after == nil:
		t.wrote = append(t.wrote, fmt.Sprintf("stock of %s is gone", before.SKU))
	case before == nil:
		t.wrote = append(t.wrote, fmt.Sprintf("stock %s %d", after.SKU, after.Stock))
	default:
		t.wrote = append(t.wrote, fmt.Sprintf("stock %s %d -> %d", after.SKU, before.Stock, after.Stock))
	}
}

// visible takes down what became visible in the truth.
func (t *Timeline) visible(who, late string) {
	for _, what := range t.wrote {
		t.cell("postgres", what+late, false)
	}
	if len(t.wrote) > 0 && !strings.HasPrefix(who, "api") {
		t.cell(who, "commit", !strings.HasPrefix(who, "worker"))
	}
	if t.now != nil {
		t.now.ledger = append(t.now.ledger, t.ledger...)
	}
	t.wrote, t.ledger = nil, nil
}

// statements takes down what a batch that was committed wrote, as far as no observer tells.
func (t *Timeline) statements(who string, batch []port.Statement) {
	for _, st := range batch {
		switch st := st.(type) {
		case *port.AcceptCommands:
			for _, r := range st.Rows {
				t.early[r.ID] = t.row(r)
				t.cell("postgres", "accept "+t.row(r), false)
			}
		case *port.DecideCommands:
			for _, r := range st.Rows {
				if r.Decision.Seq == 0 && r.Decision.Decided() { // it stands in no ledger
					t.cell("postgres", t.row(r)+" "+outcome(r.Decision), false)
				}
			}
		case *port.ResubmitCommands:
			for _, r := range st.Rows {
				t.cell("postgres", "send again "+t.row(r), false)
				t.cell(who, "sweep", false)
			}
		case *port.InsertDead:
			for _, r := range st.Rows {
				t.cell("postgres", "dead letter "+t.name(r.Command), false)
			}
		case *port.InsertRowLockOrders:
			for _, r := range st.Rows {
				name := t.name(r.OrderID)
				if r.OrderID.IsZero() {
					name = strings.ToLower(r.Kind.String())
				}
				d := model.Decision{Outcome: r.Outcome, Granted: r.Granted}
				t.cell("postgres", fmt.Sprintf("%s %s, stock %d", name, outcome(d), r.Stock), false)
			}
		}
	}
}

// row is what people call a command's row.
func (t *Timeline) row(r port.CommandRow) string {
	if name, ok := t.s.Names()[r.ID]; ok {
		return t.short(name)
	}
	if name, ok := t.s.Names()[r.Ref]; ok && !r.Ref.IsZero() {
		return strings.ToLower(r.Kind.String()) + " " + t.short(name)
	}
	return strings.ToLower(r.Kind.String()) + " " + string(r.Lane.SKU)
}

// partition is the column of a topic's partition. Only the commands' are told apart.
func (t *Timeline) partition(topic string, part int32) string {
	switch topic {
	case t.s.CommandTopic():
		return fmt.Sprintf("kafka p%d", part)
	case model.StateTopic:
		return "kafka state"
	case model.DeadTopic:
		return "kafka dlq"
	}
	return ""
}

// produced takes down the records that have come to the logs, and whose.
func (t *Timeline) produced(who string) {
	for _, topic := range sim.Topics(t.s.Config().Design) {
		if t.partition(topic.Name, 0) == "" {
			continue
		}
		for part := range t.s.Config().Options.Partitions {
			t.fresh(who, topic.Name, part)
		}
	}
}

// fresh takes down the records that have come to one partition's log.
func (t *Timeline) fresh(who, topic string, part int32) {
	column := t.partition(topic, part)
	at := logKey{topic, part}
	rs, holds := t.s.Kafka.Behind(topic, part, t.logs[at])
	gone := t.logs[at] - holds
	t.logs[at] = holds
	if !t.begun {
		return
	}
	if gone > 0 {
		t.cell(column, fmt.Sprintf("%d records are gone", gone), false)
	}
	for i := range rs {
		if label := t.label(&rs[i]); label != "" {
			t.cell(column, fmt.Sprintf("%s@%d", label, rs[i].Offset), false)
			t.cell(who, "send "+label, true)
		}
	}
}

// label is what a record is about; "" for one that nobody acts on.
func (t *Timeline) label(r *port.Record) string {
	if r.Topic == model.OrderTopic {
		ev, err := debezium.Decoder{AnyQuantity: true}.OrderEvent(*r)
		switch {
		case err != nil:
			return "unreadable"
		case ev.Class != "row" || ev.Op != 'c' && ev.Op != 'r' && !t.s.Config().Options.EveryOp:
			return ""
		case ev.Op != 'c':
			return fmt.Sprintf("%s (%c)", t.shopName(&ev.Row), ev.Op)
		}
		return t.shopName(&ev.Row)
	}
	var names []string
	for _, i := range t.mentioned(r.Value) {
		name := t.short(t.orders[i].name)
		if len(names) == 0 || !strings.HasPrefix(name, names[len(names)-1]) {
			names = append(names, name)
		}
	}
	if r.Topic == model.StateTopic {
		seq, _ := r.Header("seq")
		if len(seq) == 0 { // a heartbeat
			return ""
		}
		return "seq " + string(seq)
	}
	if len(names) == 0 && r.Topic != model.DeadTopic {
		kind, _ := r.Header("eventType")
		return strings.ToLower(string(kind))
	}
	return strings.Join(names, "+")
}

// mentioned are the orders whose ids stand in a record's value, as indexes, in order. A long run has as many records as
// orders: it looks for what may be an id, and not for every order.
func (t *Timeline) mentioned(value []byte) (orders []int) {
	for from := 0; from+idLength <= len(value); {
		i := bytes.IndexByte(value[from:], '-') // the first of an id stands behind 8 digits
		if i < 0 {
			break
		}
		if at := from + i - 8; at >= 0 && at+idLength <= len(value) {
			if order, ok := t.orderOf[string(value[at:at+idLength])]; ok {
				orders = append(orders, order)
			}
		}
		from += i + 1
	}
	slices.Sort(orders)
	return slices.Compact(orders)
}

// idLength is how many characters a [model.ID] has as text.
const idLength = 36

// expired takes down the tokens that have come to Redis, and those that are gone.
func (t *Timeline) expired(late string) {
	living := map[string]bool{}
	for _, key := range t.s.Redis.Keys() {
		living[key] = true
		if order, ok := t.token(key); ok && t.begun && !t.keys[key] {
			t.cell("redis", "token "+t.orders[order].name+late, false)
		}
	}
	var gone []int
	for key := range t.keys {
		if order, ok := t.token(key); ok && !living[key] {
			gone = append(gone, order)
		}
	}
	slices.Sort(gone) // in an order that does not depend on the map
	for _, order := range gone {
		t.cell("redis", "token "+t.orders[order].name+" gone", false)
	}
	t.keys = living
}

// token is whose token a key is, as an index; false for other keys.
func (t *Timeline) token(key string) (order int, ok bool) {
	if !strings.HasPrefix(key, "idempotent:") || len(key) < idLength {
		return 0, false
	}
	order, ok = t.orderOf[key[len(key)-idLength:]]
	return order, ok
}
