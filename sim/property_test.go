package sim_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stockproof/adapters/live"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/clients"
	"stockproof/sim/observe"
	"stockproof/sim/random"
	"stockproof/sim/workload"
)

// blow is what happens to a process right behind one of its calls that took effect.
type blow struct {
	role  string
	call  string // "commit" of a transaction, "produce", "install" into the speed layer
	after int    // how many such calls
	kills bool   // it dies there and is started anew; otherwise it is told that nothing is known
}

func (b blow) String() string {
	does := "loses the answer of"
	if b.kills {
		does = "dies behind"
	}
	return fmt.Sprintf("%s %s %s %d", b.role, does, b.call, b.after)
}

var errNotKnown = fmt.Errorf("the answer is lost: %w", port.ErrUnknown)

// struckWorld is servers in memory whose clients are hit by blows.
type struckWorld struct {
	*sim.MemoryWorld
	deaths chan death

	mu    sync.Mutex
	blows []blow
}

// death is a process that hangs behind a call until it is killed.
type death struct{ instance string }

// Open implements [sim.World].
func (w *struckWorld) Open(instance string) (inventory.Ports, func(), error) {
	p, done, err := w.MemoryWorld.Open(instance)
	hit := func(ctx context.Context, call string) error { return w.hit(ctx, instance, call) }
	p.Truth, p.Broker, p.Speed = struckTruth{p.Truth, hit}, struckBroker{p.Broker, hit}, struckSpeed{p.Speed, hit}
	return p, done, err
}

func (w *struckWorld) hit(ctx context.Context, instance, call string) error {
	b, found := w.next(instance, call)
	switch {
	case !found:
		return nil
	case !b.kills:
		return errNotKnown
	}
	w.deaths <- death{instance}
	<-ctx.Done()
	return errNotKnown
}

func (w *struckWorld) next(instance, call string) (blow, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.blows {
		b := &w.blows[i]
		if instance != b.role+"-1" && instance != b.role || b.call != call {
			continue
		}
		if b.after--; b.after == 0 {
			return *b, true
		}
	}
	return blow{}, false
}

type hitter func(ctx context.Context, call string) error

type struckTruth struct {
	port.Truth
	hit hitter
}

func (s struckTruth) Begin() port.Tx { return struckTx{s.Truth.Begin(), s.hit} }

type struckTx struct {
	port.Tx
	hit hitter
}

func (s struckTx) Commit(ctx context.Context, batch ...port.Statement) error {
	if err := s.Tx.Commit(ctx, batch...); err != nil {
		return err
	}
	return s.hit(ctx, "commit")
}

type struckBroker struct {
	port.Broker
	hit hitter
}

func (s struckBroker) Produce(ctx context.Context, rs ...port.Record) error {
	if err := s.Broker.Produce(ctx, rs...); err != nil {
		return err
	}
	return s.hit(ctx, "produce")
}

type struckSpeed struct {
	port.Speed
	hit hitter
}

func (s struckSpeed) Do(ctx context.Context, ops ...port.SpeedOp) error {
	if err := s.Speed.Do(ctx, ops...); err != nil {
		return err
	}
	if _, ok := ops[0].(*port.InstallLane); ok {
		return s.hit(ctx, "install")
	}
	return nil
}

// drawBlows draws who is hit, and where.
func drawBlows(t *rapid.T) []blow {
	calls := map[string][]string{"worker": {"commit"}, "coordinator": {"commit"}, "sweeper": {"commit"},
		"heart": {"commit"}, "connector": {"produce"}, "projection": {"install"}, "feed": {"install"},
		"reconciler": {"install"}, "bootstrap": {"install"}, "api": {"commit"}}
	roles := []string{"worker", "worker", "worker", "connector", "connector", "projection", "feed", "coordinator",
		"sweeper", "heart", "reconciler", "bootstrap", "api"}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) blow {
		role := rapid.SampledFrom(roles).Draw(t, "role")
		return blow{role: role, call: rapid.SampledFrom(calls[role]).Draw(t, "call"),
			after: rapid.IntRange(1, 12).Draw(t, "after"),
			kills: role != "api" && rapid.Bool().Draw(t, "kills")}
	}), 0, 6).Draw(t, "blows")
}

// The whole pipeline under random duplicates, lost answers, deaths and restarts keeps everything that
// the ledger design claims, in both admission modes.
func TestThePipelineKeepsItsClaims(t *testing.T) {
	checksFlag(t, "30")
	for _, mode := range []inventory.AdmissionMode{inventory.Async, inventory.Sync} {
		t.Run(string(mode), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { pipeline(rt, mode) })
		})
	}
}

// checksFlag bounds how many examples rapid tries here.
func checksFlag(t *testing.T, n string) {
	f := flag.Lookup("rapid.checks")
	before := f.Value.String()
	if before != f.DefValue {
		return // somebody asked for another number
	}
	if err := f.Value.Set(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(before) })
}

func pipeline(t *rapid.T, mode inventory.AdmissionMode) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	seed := rapid.Uint64().Draw(t, "seed")
	params := workload.DefaultParams()
	params.Orders = rapid.IntRange(20, 60).Draw(t, "orders")
	params.SKUs, params.Clients = rapid.IntRange(1, 4).Draw(t, "skus"), 4
	params.Multi, params.Cancels = random.Ratio{Num: 1, Den: 2}, random.Ratio{Num: 1, Den: 4}
	params.Repeat = random.Ratio{Num: 1, Den: 3}
	params.Policy = rapid.SampledFrom([]model.Policy{model.Partial, model.AllOrNothing}).Draw(t, "policy")
	params.MaxLines = min(params.MaxLines, 3)
	work, err := workload.Generate(params, seed)
	if err != nil {
		t.Fatal(err)
	}
	twice := rapid.Uint64Range(0, 3).Draw(t, "duplicates in 4")
	d, o := ledger.Design(), quickOptions(mode)
	w := &struckWorld{MemoryWorld: sim.NewMemoryWorld(sim.WorldOptions{Topics: sim.Topics(d), Partitions: o.Partitions}),
		deaths: make(chan death, 16), blows: drawBlows(t)}
	t.Logf("seed %d, %v", seed, w.blows)
	suite := checks.New(checks.Header{Design: d.Name, Claims: observe.Claims(d), Capability: checks.LedgerRows, Seed: seed,
		Names: work.Names()})
	draws, drawing := random.Stream(seed, "duplicates"), sync.Mutex{}
	watch := observe.NewWatch(suite, time.Now)
	dep, err := sim.Deploy(ctx, w, d, sim.DeployOptions{Options: o, Workers: 2,
		Duplicate: func(_ int, rec port.Record) bool {
			drawing.Lock() // a connector that is dying may overlap with its successor
			defer drawing.Unlock()
			return (rec.Topic == model.CommandTopic || rec.Topic == model.StateTopic) && draws.Chance(random.Ratio{Num: twice, Den: 4})
		}}, watch)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := dep.Stop(); err != nil {
			t.Error(err)
		}
	}()
	undertaker, stop := context.WithCancel(ctx)
	var buried sync.WaitGroup
	buried.Go(func() { bury(undertaker, dep, w.deaths) })
	summary, err := clients.Drive(ctx, clients.DriveConfig{Fronts: dep.Fronts(), Workload: work, Runtime: live.Runtime{},
		Recorder: observe.NewRecorder(func(e checks.Event) { suite.Observe(e) }, time.Now)})
	if err != nil {
		alarms, _ := watch.Alarms()
		t.Fatalf("seed %d: %v; alarms %q", seed, err, alarms)
	}
	audit := quiet(ctx, t, w, d, o)
	stop()
	buried.Wait()
	if audit.Supply = summary.Supply; len(audit.Dead) > 0 {
		t.Errorf("seed %d: dead letters where nothing was wrong: %+v", seed, audit.Dead)
	}
	for _, r := range suite.Finish(audit) {
		if r.Claimed && !r.NotChecked && r.Verdict != checks.Pass {
			t.Errorf("seed %d: %s: %v: %s", seed, r.Guarantee, r.Verdict, r.Why)
		}
	}
}

// quickOptions make everything periodic frequent: a small run meets all of it.
func quickOptions(mode inventory.AdmissionMode) inventory.Options {
	o := inventory.DefaultOptions()
	o.Admission, o.Partitions, o.BatchMax, o.GroupMax = mode, 2, 5, 4
	o.SweepPeriod, o.SweepBackoffMS = 10*time.Millisecond, 5
	o.ReconcilePeriod, o.BeatPeriod, o.CoordinatePeriod = 20*time.Millisecond, 10*time.Millisecond, 10*time.Millisecond
	o.Backoff = inventory.Backoff{Base: time.Millisecond, Cap: 20 * time.Millisecond}
	return o
}

// bury kills what hangs behind a call and starts it anew.
func bury(ctx context.Context, dep *sim.Deployment, deaths <-chan death) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-deaths:
			if dep.Crash(d.instance) == nil {
				_ = dep.Restart(d.instance) // only a run that is over cannot start it
			}
		}
	}
}

// quiet waits until nothing is undecided, nothing is due and everything shows the truth. An audit is
// no snapshot: only when a second one finds no new command was there nothing between its reads.
func quiet(ctx context.Context, t *rapid.T, w sim.World, d inventory.Design, o inventory.Options) checks.Audit {
	p, done, err := w.Open("auditor")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	deadline, before := time.Now().Add(10*time.Second), -1
	for {
		audit, err := observe.Audit(ctx, p, d, o)
		due := &port.DueOrders{Max: 1}
		if err := errors.Join(err, p.Truth.Do(ctx, due)); err != nil {
			t.Fatal(err)
		}
		still := observe.Quiet(audit) && len(due.IDs) == 0
		if still && before == len(audit.Commands) || time.Now().After(deadline) {
			return audit
		}
		if before = -1; still {
			before = len(audit.Commands)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
