package observe

import (
	"testing"

	"stockproof/inventory/port"
	"stockproof/model"
)

// A worker is done with what is before the position that it fetches from; what it never came back from stays.
func TestHoldingsAreWhatAWorkerNeverCameBackFrom(t *testing.T) {
	var h holdings
	who := holder{"workers", model.CommandTopic, 0}
	records := func(offsets ...int64) (rs []port.Record) {
		for _, o := range offsets {
			rs = append(rs, port.Record{Topic: model.CommandTopic, Offset: o, Key: []byte("A")})
		}
		return rs
	}
	offsets := func() (all []int64) {
		for _, held := range h.all(50) {
			all = append(all, held.Record.Offset)
		}
		return all
	}
	want := func(what string, times, since int64, offs ...int64) {
		t.Helper()
		got := h.all(50)
		if len(got) != len(offs) {
			t.Fatalf("%s: holds %v, want %v", what, offsets(), offs)
		}
		for i, held := range got {
			if held.Record.Offset != offs[i] || held.Times != times || held.Since != since || held.Until != 50 || held.SKU != "A" {
				t.Errorf("%s: %+v", what, held)
			}
		}
	}
	want("nothing yet", 0, 0)
	h.asks(who, port.Position{Offset: 3})
	h.handed(who, records(3, 4, 5), 10)
	want("handed out", 1, 10, 3, 4, 5)
	h.asks(who, port.Position{Offset: 3}) // a worker that starts anew
	h.handed(who, records(3, 4, 5, 6), 20)
	want("handed out again", 2, 10, 3, 4, 5, 6)
	h.asks(who, port.Position{Offset: 5})
	want("half of it is done", 0, 10, 5, 6)
	h.handed(who, records(5, 6), 30)
	h.asks(who, port.Position{Offset: 7})
	want("done", 0, 0)
	h.handed(who, records(7), 40)
	h.asks(who, port.Position{Offset: 2}) // a rewind: it will be handed 7 again
	want("it went back", 0, 0)
}

func TestARecordNamesItsSKUByItsKeyWhateverItsValue(t *testing.T) {
	lane := model.LaneKey{SKU: "A}", Loc: "east"}
	for _, c := range []struct {
		topic, key, value string
		sku               model.SKU
		ok                bool
	}{
		{model.CommandTopic, "A}", "garbage", "A}", true},
		{model.StateTopic, model.LaneTopicKey(lane), "", "A}", true},
		{model.StateTopic, "#0", "", "", false}, // a heartbeat
		{model.OrderTopic, `{"sku_id":"A"}`, "garbage", "A", true},
		{model.OrderTopic, `{"id":7}`, "garbage", "", false},
	} {
		sku, ok := recordSKU(port.Record{Topic: c.topic, Key: []byte(c.key), Value: []byte(c.value)})
		if sku != c.sku || ok != c.ok {
			t.Errorf("%s %s: %q %t", c.topic, c.key, sku, ok)
		}
	}
}
