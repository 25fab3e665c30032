package redis_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"stockproof/adapters/live"
	"stockproof/adapters/memory"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestARefusalAnswersTheNextRequestsAndRunsNone(t *testing.T) {
	for _, message := range []command.Error{redis.Busy, redis.Loading, redis.ClusterDown} {
		r := redis.New(live.Gate(), redis.Options{Masters: 3})
		s := r.Client()
		r.Refuse(1, 2, message)
		first, second, third := &port.SetStock{SKU: "A", Stock: 1}, deductOf("A", "o1", "0"), &port.GetStock{SKU: "A"}
		elsewhere := &port.SetStock{SKU: "C", Stock: 1}
		if redis.Slot("{C}")*3/command.Slots == 1 {
			t.Fatal("the test wants {C} at another node than {A}")
		}
		_ = s.Do(context.Background(), first, second, third, elsewhere)
		for _, err := range []error{first.Err, second.Err} {
			if !errors.Is(err, port.ErrUnavailable) || !strings.Contains(err.Error(), string(message)) {
				t.Errorf("%s: %v", message, err)
			}
		}
		if third.Err != nil || third.Found || elsewhere.Err != nil {
			t.Errorf("%s: third %v, found %v; elsewhere %v", message, third.Err, third.Found, elsewhere.Err)
		}
	}
}

// Redis 7 refuses a script's first write or none. (A full memory or a failing disk therefore leaves no
// half of deduct; a TTL of "0" does, see TestATokenThatExpiredIsSeenAsTwoDeductions.)
func TestDeniedWritesLeaveNoHalfOfAScript(t *testing.T) {
	for _, message := range []command.Error{redis.OOM, redis.Misconf} {
		r := redis.New(live.Gate(), redis.Options{})
		s := r.Client()
		doAll(t, s, &port.SetStock{SKU: "A", Stock: 10})
		r.DenyWrites(0, message)
		lane := model.LaneKey{SKU: "A", Loc: model.MainLocation}
		for _, op := range []port.SpeedOp{
			deductOf("A", "o1", "1"), &port.Credit{SKU: "A", Order: "r", Qty: "1", TTL: "9"}, installOf("A"),
			&port.WriteBeat{Space: port.SpeedSpace, At: 1}, &port.SetStock{SKU: "A", Stock: 7},
		} {
			err := s.Do(context.Background(), op)
			if !errors.Is(err, port.ErrUnavailable) || !strings.Contains(err.Error(), string(message)) {
				t.Errorf("%T: %v", op, err)
			}
		}
		doAll(t, s, &port.GetStock{SKU: "A"}, &port.ReadLane{Space: port.SpeedSpace, Lane: lane})
		holds(t, r, "stock:{A}=10")
		remove := &port.RemoveLane{Space: port.SpeedSpace, Lane: lane}
		err := s.Do(context.Background(), remove)
		if frees := message == redis.OOM; frees != (err == nil) {
			t.Errorf("DEL under %s: %v", message, err)
		}
		r.DenyWrites(0, "")
		deducts(t, s, "o1", port.DeductOK)
	}
}

// A script that has written goes on: the second write is not refused.
func TestAScriptThatHasWrittenIsNotDenied(t *testing.T) {
	for _, c := range []struct {
		first   string
		message command.Error
		stops   bool
	}{
		{"DEL", redis.OOM, false}, {"SET", redis.OOM, true},
		{"DEL", redis.Misconf, true}, {"GET", redis.OOM, true},
	} {
		gate := live.Gate()
		r := redis.New(gate, redis.Options{})
		r.Command("SET", "a", "1")
		r.DenyWrites(0, c.message)
		source := fmt.Sprintf("redis.call('%s', KEYS[1]%s) redis.call('SET', KEYS[2], '1') return 1",
			c.first, map[string]string{"SET": ", '2'"}[c.first])
		var reply any
		_ = gate.Call(t.Context(), memory.Call{}, func() error {
			reply = r.Eval(&command.Script{SHA: source, Source: source}, []string{"a", "b"}, nil)
			return nil
		})
		e, refused := reply.(command.Error)
		if refused != c.stops || refused && !strings.HasPrefix(string(e), string(c.message)) {
			t.Errorf("%s under %s: %v", c.first, c.message, reply)
		}
		if exists := r.Command("EXISTS", "b") == int64(1); exists == c.stops {
			t.Errorf("%s under %s: the second key exists: %v", c.first, c.message, exists)
		}
		if reply := r.Command("SET", "c", "1"); reply != c.message {
			t.Errorf("after %s: %v, want %s", c.first, reply, c.message)
		}
	}
}

// Tokens are what a volatile policy evicts; any policy takes first what was used longest ago (F46).
func TestEvictionTakesTheLeastRecentlyUsedThatItMay(t *testing.T) {
	for _, c := range []struct {
		policy redis.Eviction
		n      int
		want   []string
	}{
		{redis.VolatileLRU, 2, []string{"idempotent:{A}:o2", "idempotent:{A}:o3"}},
		{redis.VolatileLRU, 9, []string{"idempotent:{A}:o2", "idempotent:{A}:o3", "idempotent:{A}:o1"}},
		{redis.AllKeysLRU, 2, []string{"stock:{B}", "idempotent:{A}:o2"}},
		{redis.AllKeysLRU, 9, []string{"stock:{B}", "idempotent:{A}:o2", "idempotent:{A}:o3", "idempotent:{A}:o1", "stock:{A}"}},
	} {
		r := redis.New(live.Gate(), redis.Options{KeepWrites: 20})
		s := r.Client()
		doAll(t, s, &port.SetStock{SKU: "B", Stock: 1}, &port.SetStock{SKU: "A", Stock: 10})
		for _, o := range []string{"o1", "o2", "o3"} {
			deducts(t, s, o, port.DeductOK)
		}
		deducts(t, s, "o2", port.DeductAlready) // EXISTS is no use of a key
		r.Command("GET", "idempotent:{A}:o1")
		doAll(t, s, &port.GetStock{SKU: "A"})
		all := r.Keys()
		if got := r.Evict(0, c.policy, c.n); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s evicts %q, want %q", c.policy, got, c.want)
		}
		if got := len(r.Keys()); got != len(all)-len(c.want) {
			t.Errorf("%d keys of %d are left", got, len(all))
		}
		if lost := r.Failover(0, redis.Promotion{Lose: len(c.want)}); !reflect.DeepEqual(r.Keys(), all) || lost[0].Op != "evict" {
			t.Errorf("an eviction is a write too: lost %v, left %q", lost, r.Keys())
		}
	}
}

// An order whose token was evicted is deducted again; one whose stock was evicted is refused (F46, F31).
func TestWhatEvictionDoesToAnOrder(t *testing.T) {
	r := redis.New(live.Gate(), redis.Options{})
	s := r.Client()
	doAll(t, s, &port.SetStock{SKU: "A", Stock: 10})
	deducts(t, s, "o1", port.DeductOK)
	r.Evict(0, redis.VolatileLRU, 1)
	deducts(t, s, "o1", port.DeductOK)
	r.Evict(0, redis.AllKeysLRU, 9)
	deducts(t, s, "o2", port.DeductInsufficient)
}

// Foreign and corrupt values under our keys are put there by Command (F35).
func TestACorruptValueIsMetByEveryOrder(t *testing.T) {
	r := redis.New(live.Gate(), redis.Options{Masters: 3})
	s := r.Client()
	for _, corrupt := range [][]string{{"SET", "stock:{A}", "10.0"}, {"SET", "stock:{A}", "abc"}, {"HSET", "stock:{A}", "x", "1"}} {
		r.Command("DEL", "stock:{A}")
		r.Command(corrupt...)
		op := deductOf("A", "o1", "1")
		if err := s.Do(context.Background(), op); !errors.Is(err, port.ErrContract) {
			t.Errorf("%q: reply %d, %v", corrupt, op.Reply, err)
		}
	}
	r.Command("SET", "inv:{A}:main", "foreign")
	op := installOf("A")
	doAll(t, s, op)
	if op.Code != port.WrongType {
		t.Errorf("code %d", op.Code)
	}
}
