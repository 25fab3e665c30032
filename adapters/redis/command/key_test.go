package command_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestKeysAreByteForByteWhatIsPublished(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{command.LaneKey(port.SpeedSpace, model.LaneKey{SKU: "SKU-101", Loc: "main"}), "inv:{SKU-101}:main"},
		{command.LaneKey(port.SpeedSpace, model.LaneKey{}), "inv:{%}:%"},
		{command.LaneKey(port.SpeedSpace, model.LaneKey{SKU: "}x", Loc: "a:b"}), "inv:{%7Dx}:a%3Ab"},
		{command.LaneKey(port.FeedSpace("web"), model.LaneKey{SKU: "A", Loc: "b#1"}), "feed:web:{A}:b%231"},
		{command.BeatKey(port.SpeedSpace, 0), "hb:0"},
		{command.BeatKey(port.FeedSpace("web"), 12), "feed:web:hb:12"},
		{command.StockKey("SKU-101", 0), "stock:{SKU-101}"},
		{command.StockKey("SKU-101", 2), "stock:{SKU-101}_2"},
		{command.StockKey("}x", 0), "stock:{}x}"},
		{command.StockKey("", 0), "stock:{}"},
		{command.TokenKey("SKU-101", "o 1"), "idempotent:{SKU-101}:o 1"},
		{command.TokenKey("a:b%\xff", ""), "idempotent:{a:b%\xff}:"},
	} {
		if c.got != c.want {
			t.Errorf("key %q, want %q", c.got, c.want)
		}
	}
}

func TestLaneKeysAreInjectiveAndTaggedByTheSKU(t *testing.T) {
	name := rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte("{}%:#a\x00")), 0, 4), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 12), func(b []byte) string { return string(b) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		for range 50 {
			a := model.LaneKey{SKU: model.SKU(name.Draw(t, "sku")), Loc: model.Location(name.Draw(t, "loc"))}
			b := model.LaneKey{SKU: model.SKU(name.Draw(t, "other sku")), Loc: model.Location(name.Draw(t, "other loc"))}
			ka, kb := command.LaneKey("inv", a), command.LaneKey("inv", b)
			if (a == b) != (ka == kb) {
				t.Fatalf("%q -> %q, %q -> %q", a, ka, b, kb)
			}
			if strings.Count(ka, "{") != 1 || strings.Count(ka, "}") != 1 || strings.Contains(ka, "{}") {
				t.Fatalf("%q: not exactly one non-empty hash tag in %q", a, ka)
			}
			if command.Slot(ka) != command.Slot(model.EncodeKey(string(a.SKU))) {
				t.Fatalf("%q is not in the slot of its SKU", ka)
			}
		}
	})
}

// Vectors: the CRC16 of the Redis Cluster specification's appendix ("123456789" is 0x31C3), and its
// section on hash tags.
func TestSlotsFollowTheSpecification(t *testing.T) {
	for key, want := range map[string]int{
		"123456789": 0x31C3, "": 0, "foo": 12182, "stock:{SKU-101}": 12920, "stock:{SKU-101}_1": 12920,
		"stock:{}x}": 6299,
	} {
		if got := command.Slot(key); got != want {
			t.Errorf("slot of %q: %d, want %d", key, got, want)
		}
	}
	for _, pair := range [][2]string{
		{"{user1000}.following", "user1000"}, {"foo{{bar}}zap", "{bar"}, {"foo{bar}{zap}", "bar"},
	} {
		if command.Slot(pair[0]) != command.Slot(pair[1]) {
			t.Errorf("%q is not in the slot of %q", pair[0], pair[1])
		}
	}
	if command.Slot("foo{}{bar}") == command.Slot("bar") {
		t.Error("an empty tag is no tag: the whole key counts")
	}
}

func TestStockKeysAreTakenApart(t *testing.T) {
	for _, c := range []struct{ key, token, sku, order string }{
		{"stock:{A}", "", "A", ""},
		{"stock:{A}", "idempotent:{A}:o1", "A", "o1"},
		{"stock:{A}_3", "idempotent:{A}:o1", "A", "o1"},
		{"stock:{}", "idempotent:{}:", "", ""},
		{"stock:{}x}", "idempotent:{}x}:o", "}x", "o"},
		{"stock:{A}_1}", "idempotent:{A}_1}:o", "A}_1", "o"},
		{"stock:{a}:b}", "idempotent:{a}:b}:c", "a}:b", "c"},
	} {
		sku, order, ok := command.ParseStockKey(c.key, c.token)
		if !ok || sku != c.sku || order != c.order {
			t.Errorf("%q with %q: %q, %q, %v", c.key, c.token, sku, order, ok)
		}
	}
	for _, key := range []string{"", "stock:A", "idempotent:{A}:o", "stock:{A", "stock:{A}_0", "stock:{A}_x", "inv:{A}:main"} {
		if sku, _, ok := command.ParseStockKey(key, ""); ok {
			t.Errorf("%q was read as the stock of %q", key, sku)
		}
	}
}
