package sim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// simulatedBy runs a simulation and leaves its servers to be looked at.
func simulatedBy(t *testing.T, d inventory.Design, faults string) (*sim.Simulation, sim.Outcome) {
	t.Helper()
	return serversOf(t, withFaults(t, d, faults))
}

func serversOf(t *testing.T, c sim.SimulationConfig) (*sim.Simulation, sim.Outcome) {
	t.Helper()
	e := engine.New(engine.Options{})
	t.Cleanup(e.Close)
	s, err := sim.NewSimulation(e, c)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Run()
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Missing) > 0 {
		t.Fatalf("never struck: %v", out.Missing)
	}
	return s, out
}

// inserts are the insertions that the article's topic carries: the order of every row id, in the order of
// the log.
func inserts(t *testing.T, s *sim.Simulation) (orders map[int64][]model.ID) {
	t.Helper()
	orders = map[int64][]model.ID{}
	for _, r := range s.Kafka.Records(model.OrderTopic) {
		var v struct {
			Op    string
			After struct {
				ID    int64
				Order model.ID `json:"order_id"`
			}
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		if v.Op == "c" || v.Op == "r" {
			orders[v.After.ID] = append(orders[v.After.ID], v.After.Order)
		}
	}
	return orders
}

// times is how often the row that came most often came.
func times(orders map[int64][]model.ID) (most int) {
	for _, o := range orders {
		most = max(most, len(o))
	}
	return most
}

// A worker that stands still inside a transaction holds its lanes until PostgreSQL ends its session; then
// the others go on, long before it wakes.
func TestAPausedTransactionGivesItsLanesUp(t *testing.T) {
	_, out := simulatedBy(t, ledger.Design(), "fault pause role=worker after=begin by=9m")
	if out.Result != checks.Holds || out.Summary.Granted != 3 {
		t.Fatalf("%s, %d granted", out.Result, out.Summary.Granted)
	}
	if out.Summary.Elapsed >= 5*time.Minute || out.Summary.Elapsed < 2*time.Second {
		t.Errorf("the orders took %s: either nobody waited for the session's end, or for the sleeper", out.Summary.Elapsed)
	}
}

// Ids of a bigserial that were handed out behind the lost tail are handed out again (F13).
func TestAnAsynchronousFailoverGivesIdsAgain(t *testing.T) {
	s, _ := simulatedBy(t, article.Design(), "fault pg-failover-async lose=2 of=connector after=produce nth=2")
	for id, orders := range inserts(t, s) {
		for _, o := range orders {
			if o != orders[0] {
				return
			}
		}
		_ = id
	}
	t.Errorf("no row id belongs to two orders: %v", inserts(t, s))
}

// What had nothing to strike leaves no receipt: it is missing in the end.
func TestAFaultThatFindsNothingIsMissing(t *testing.T) {
	for _, faults := range []string{
		"fault drop-slot by=1h after=deduct\nfault drop-slot by=1m",
		"fault invalidate-slot by=1h after=deduct\nfault invalidate-slot by=1m",
		"fault redis-split role=worker by=1h after=deduct\nfault redis-split role=api by=1m",
		"fault refuse n=2 of=worker after=deduct nth=2\nfault refuse n=2 of=worker after=offset-commit nth=2",
	} {
		out := simulate(t, article.Design(), faults)
		if len(out.Receipts) != 1 || len(out.Missing) != 1 {
			t.Errorf("%s: receipts %q, missing %q", faults, out.Receipts, out.Missing)
		}
	}
}

// What a Redis in trouble says reaches whoever asks it.
func TestARedisThatTakesNoWritesSaysSo(t *testing.T) {
	for form, says := range map[string]string{"oom": "OOM", "misconf": "MISCONF"} {
		_, out := simulatedBy(t, ledger.Design(), "fault deny-writes form="+form+" by=5s before=install")
		if out.Result != checks.Holds || !strings.Contains(fmt.Sprint(out.Alarms), says) {
			t.Errorf("%s: %s, alarms %v", form, out.Result, out.Alarms)
		}
	}
}

// A replica that lags shows what its master held before.
func TestALaggingReplicaShowsTheStockBefore(t *testing.T) {
	c := withFaults(t, article.Design(), "fault replica-reads n=1 by=25h after=deduct order=o1")
	var shown port.GetStock
	master := ""
	c.Passed = func(s *sim.Simulation, p engine.Point) {
		if master != "" || sim.PointName(&p) != "deduct" || p.Phase != engine.Response {
			return
		}
		shown = port.GetStock{SKU: "A"}
		s.Engine.Alone(func() {
			if err := s.Redis.Client().Do(context.Background(), &shown); err != nil {
				t.Error(err)
			}
			master, _ = s.Redis.Command("GET", "stock:{A}").(string)
		})
	}
	if serversOf(t, c); shown.Stock != 5 || master != "3" {
		t.Errorf("the replica shows %d, the master holds %q", shown.Stock, master)
	}
}

// What makes a connector send rows again, at new offsets, and as what.
func TestWhatIsSentAgain(t *testing.T) {
	if _, out := simulatedBy(t, article.Design(), ""); out.Result != checks.Holds {
		t.Fatal(out.Result)
	}
	for _, faults := range []string{
		"fault crash role=connector after=produce nth=2",
		"fault pg-crash of=connector after=confirm-slot",
		"fault connector-snapshot of=connector after=produce nth=3",
		"fault incremental-snapshot of=connector after=produce nth=3",
		"fault mirror-replay of=connector after=produce nth=3",
		"fault duplicate order=o2 of=connector after=produce",
	} {
		s, _ := simulatedBy(t, article.Design(), faults)
		if times(inserts(t, s)) < 2 {
			t.Errorf("%s: nothing came twice", faults)
		}
	}
	s, _ := simulatedBy(t, article.Design(), "")
	if times(inserts(t, s)) != 1 {
		t.Error("without a fault something came twice")
	}
}

// A duplicate that names an order repeats that order's records and no other's.
func TestADuplicateIsOfTheOrderItNames(t *testing.T) {
	c := withFaults(t, article.Design(), "fault elect of=connector after=produce nth=4\nfault duplicate order=o1 n=9")
	s, _ := serversOf(t, c)
	o1, _ := c.Workload.Order("o1")
	twice := 0
	for _, orders := range inserts(t, s) {
		if len(orders) > 1 && orders[0] != o1 {
			t.Errorf("%v came %d times", orders[0], len(orders))
		}
		if len(orders) > 1 {
			twice++
		}
	}
	if twice != 1 {
		t.Errorf("%d rows came twice", twice)
	}
}

// The promotion of a standby runs the design's operator, and a slot takes up where the standby was.
func TestAPromotionBringsTheChainBack(t *testing.T) {
	_, out := simulatedBy(t, ledger.Design(), "fault pg-failover of=worker after=begin")
	if out.Result != checks.Holds || out.Summary.Granted != 3 {
		t.Errorf("%s, %d granted, alarms %v", out.Result, out.Summary.Granted, out.Alarms)
	}
	for _, l := range out.Audit.Lanes {
		if l.Epoch < 2 {
			t.Errorf("lane %v is of epoch %d: nobody opened the gate anew", l.Key, l.Epoch)
		}
	}
}

// A slot on the move shows an article's worker TRYAGAIN: the token of a new order never exists (F38).
func TestAMovingSlotAsksForAnotherTry(t *testing.T) {
	_, out := simulatedBy(t, article.Design(), "fault move-slot sku=A by=5s of=worker before=deduct order=o1")
	if !strings.Contains(fmt.Sprint(out.Alarms), "TRYAGAIN") && out.Summary.Elapsed < 5*time.Second {
		t.Errorf("nobody was told to try again: %s, %v", out.Summary.Elapsed, out.Alarms)
	}
}

// What faults began ends with them: the second half of a run finds every server as it should be.
func TestEveryFaultEnds(t *testing.T) {
	for _, faults := range []string{
		"fault deny-writes form=misconf by=25h before=install",
		"fault redis-split role=projection by=25h before=install",
		"fault replica-reads n=3 by=25h",
		"fault drop-slot by=25h of=connector after=read-slot",
		"fault delay role=connector after=read-slot by=25h",
		"fault pause role=projection before=install by=25h",
		"fault move-slot sku=A by=25h before=install",
	} {
		if _, out := simulatedBy(t, ledger.Design(), faults); out.Result != checks.Holds {
			t.Errorf("%s: %s", faults, out.Result)
		}
	}
}

func TestFaultLinesThatSayNothingOfUse(t *testing.T) {
	for line, why := range map[string]string{
		"fault advance-time":                                     "it needs by=TIME",
		"fault delay role=worker before=deduct":                  "it needs by=TIME",
		"fault malformed form=odd":                               "there is no form",
		"fault evict-keys policy=random":                         "there is no form",
		"fault rewind topic=nobodys":                             "has no topic",
		"fault redis-failover lose=-1":                           "lose",
		"fault redis-failover skew=soon":                         "skew",
		"fault crash role=nobody":                                "has no process",
		"fault rewind order=o1":                                  "a trigger needs",
		"fault duplicate order=o9":                               "has no order",
		"fault pg-crash form=hard":                               "unknown key form",
		"fault meteor":                                           "there is no such kind",
		"fault redis-split role=worker before=admit lose=1 by=x": "is no time",
	} {
		s, err := scenario.Parse("faults", "faults", faultWorkload+line+"\n")
		if err != nil {
			t.Fatal(err)
		}
		w, err := s.Build(workload.DefaultParams(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sim.CoreFaults(s, &w, article.Design(), sim.CoreOptions()); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// A search lets faults happen at moments of its own.
func TestAFaultStrikesWhenItIsAskedTo(t *testing.T) {
	c := withFaults(t, ledger.Design(), "")
	c.Kinds = []string{"redis-failover"}
	said := ""
	c.Passed = func(s *sim.Simulation, p engine.Point) {
		if said == "" && sim.PointName(&p) == "install" && p.Phase == engine.Response {
			said = s.Strike(sim.Fault{Kind: "redis-failover", Lose: 1}, p)
		}
	}
	if _, out := serversOf(t, c); said != "Redis failed over without its last 1 writes" || out.Result != checks.Holds {
		t.Errorf("%q, %s", said, out.Result)
	}
}
