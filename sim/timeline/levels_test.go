package timeline_test

import (
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/rowlock"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
	"stockproof/sim/timeline"
)

// shown are the levels of a lane, row by row from the first that has one.
func shown(line *timeline.Timeline, sku model.SKU) (all []timeline.Level) {
	for _, r := range line.Rows {
		for _, l := range r.Levels {
			if l.Lane.SKU == sku {
				all = append(all, l)
			}
		}
	}
	return all
}

func TestLevelsFollowTruthAndSpeedThroughATokensExpiry(t *testing.T) {
	line, _ := drawn(t, article.Design(), "token-expiry")
	var speed, truth []int64
	for _, l := range shown(line, "A") {
		speed, truth = append(speed, l.Speed.Avail), append(truth, l.Truth.Avail)
	}
	steps := func(all []int64) (distinct []int64) {
		for i, n := range all {
			if i == 0 || n != all[i-1] {
				distinct = append(distinct, n)
			}
		}
		return distinct
	}
	if s, tr := steps(speed), steps(truth); len(s) != 3 || s[0] != 5 || s[1] != 3 || s[2] != 1 || tr[0] != 5 {
		t.Errorf("speed %v, truth %v", s, tr)
	}
}

func TestLevelsOfALedgerCarryReservedUnitsAndSeqs(t *testing.T) {
	line, _ := drawn(t, ledger.Design(), "tiny")
	all := shown(line, "A")
	want := timeline.Stock{Known: true, Avail: 1, Reserved: 2, Seq: 3}
	if last := all[len(all)-1]; last.Truth.Avail != 1 || last.Truth.Reserved != 2 || last.Speed != last.Truth {
		t.Errorf("at the end %+v, want about %+v on both sides", last, want)
	}
	behind := false
	for _, l := range all {
		behind = behind || l.Speed.Seq < l.Truth.Seq
	}
	if !behind {
		t.Errorf("speed is never behind truth: %+v", all)
	}
}

// The last levels of each recorded failure are what the audit reads, whatever happened on the way.
func TestTheLastLevelsAreWhatTheAuditReads(t *testing.T) {
	designs := map[string]inventory.Design{}
	for _, d := range []inventory.Design{article.Design(), ledger.Design(), dualwrite.Design(), rowlock.Design()} {
		designs[d.Name] = d
	}
	// Lost commits, evicted and foreign keys, other masters, blind overwrites, shards.
	recorded := []string{"failover-suffix", "eviction", "foreign-value", "minority-master", "blind-reconcile-restock",
		"stranded-shards", "dual-write", "token-expiry", "admin-set", "fixed/truncated-log"}
	e := engine.New(engine.Options{})
	defer e.Close()
	compared := 0
	for _, name := range recorded {
		file := "../../testdata/schedules/" + name + ".sched"
		s, err := scenario.LoadSchedule(file)
		if err != nil {
			t.Fatal(err)
		}
		c, _, err := sim.ScheduleConfig(s, designs[s.DesignName()], sim.CoreOptions())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		simulation, err := sim.NewSimulation(e, c)
		if err != nil {
			t.Fatal(err)
		}
		line := timeline.New(simulation)
		out, err := simulation.Run()
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		compared += compareLevels(t, file, line, out.Audit)
	}
	if compared < len(recorded) {
		t.Errorf("%d numbers compared in %d files", compared, len(recorded))
	}
}

// compareLevels compares the last levels with an audit, and says how many numbers those were.
func compareLevels(t *testing.T, file string, line *timeline.Timeline, a checks.Audit) (compared int) {
	last := map[model.LaneKey]timeline.Level{}
	for _, r := range line.Rows {
		for _, l := range r.Levels {
			last[l.Lane] = l
		}
	}
	same := func(where string, k model.LaneKey, got timeline.Stock, want int64) {
		compared++
		if !got.Known || got.Avail != want {
			t.Errorf("%s: lane %s: the last level in %s is %+v, the audit reads %d", file, k.SKU, where, got, want)
		}
	}
	for _, l := range a.Lanes {
		if l.Known() {
			same("truth", l.Key, last[l.Key].Truth, l.Avail())
		}
	}
	for _, s := range a.Stock {
		k := model.LaneKey{SKU: s.SKU, Loc: model.MainLocation}
		same("truth", k, last[k].Truth, s.Stock)
	}
	for _, s := range a.Speed {
		if s.Found {
			same("speed", s.Lane, last[s.Lane].Speed, s.Avail)
		}
	}
	return compared
}
