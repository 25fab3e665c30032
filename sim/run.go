package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/redeliver"
	"stockproof/checks"
	"stockproof/checks/jsonl"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/clients"
	"stockproof/sim/observe"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// RunConfig says what one run is.
type RunConfig struct {
	Design     inventory.Design
	Options    scenario.DesignOptions
	World      func(WorldOptions) (World, error)
	Workload   workload.Workload
	Scenario   *scenario.Scenario // its faults; nil: none
	Seed       uint64
	Duplicates random.Ratio  // share of command and state records that come twice, half at new offsets
	Restarts   int           // workers (synchronous admission: projections) killed between effect and offset commit, and started again
	Settle     time.Duration // how long nothing may move behind the last order before speed shows the truth; default 15 s
	Patience   time.Duration // how long a client waits for a decision; default 3 s
	End        time.Duration // how long a process may take to end; default that of DeployOptions
	Progress   func(Progress)
	History    io.Writer // where the history goes, as JSON lines while it happens; nil: nowhere
	// Auditor is how often and how patiently a statement of the final audit is tried again: an overloaded
	// server may end the auditor's connection like anybody's. Default 20 attempts, 50 ms to 1 s apart.
	Auditor inventory.Backoff
	// Judges judge the decisions beside the checkers; they know no commit points. Where two of them disagree, that is
	// the result. None: nobody does.
	Judges []checks.LaneJudge
}

// Progress is where a run is.
type Progress struct {
	Orders, Of int
	Duplicates int64
	Note       string // what just happened: "worker-2 restarted"; "" most of the time
}

// RunResult is what came of it.
type RunResult struct {
	Result      checks.Result
	Reports     []checks.Report
	Summary     clients.Summary
	Duplicates  int64 // deliveries absorbed
	DeadLetters int64
	Lanes       int           // SKUs at places that the truth knows
	Converged   time.Duration // from the last order until speed showed the truth; -1: it never did
	Receipts    []string      // faults that struck
	Missing     []string      // faults that were asked for and never did
	Alarms      []string
	MoreAlarms  int
	Failures    []error // processes that ended by themselves
	// SpeedRead: the design has a speed layer, and Converged compares it with the truth. Otherwise
	// Converged is when every accepted command was decided.
	SpeedRead bool
	// Bare is porcupine's verdict on what clients were told alone; nil where the run is too large for
	// it, or the design's answers are not model.Decide's.
	Bare *Bare
	// Disagreements are lanes about which two judges said the opposite ([SimulationConfig.Judges]).
	Disagreements []string
}

// Bare is a search for a linearization, lane by lane.
type Bare struct {
	Reports    []checks.Report // one per lane
	Operations int             // of all lanes
}

// Verdict is fail if a lane fails, undecided if one is, and else pass.
func (b *Bare) Verdict() checks.Verdict {
	v := checks.Pass
	for _, r := range b.Reports {
		switch {
		case r.Verdict == checks.Fail:
			return checks.Fail
		case r.Verdict != checks.Pass:
			v = r.Verdict
		}
	}
	return v
}

// Run deploys a design on a fresh world, drives the workload under the faults, heals, waits until speed
// shows the truth, and judges. An error means that there is no verdict: bad input, a server that could
// not be had, or a bug of the workbench.
func Run(ctx context.Context, c RunConfig) (RunResult, error) {
	if c.Settle == 0 {
		c.Settle = 15 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 3 * time.Second
	}
	if c.Auditor == (inventory.Backoff{}) {
		c.Auditor = inventory.Backoff{Base: 50 * time.Millisecond, Cap: time.Second, Attempts: 20}
	}
	r := &run{RunConfig: c}
	if err := r.prepare(); err != nil {
		return RunResult{}, err
	}
	w, err := c.World(WorldOptions{Topics: Topics(c.Design), Partitions: c.Options.Partitions})
	if err != nil {
		return RunResult{}, fmt.Errorf("start the servers: %w", err)
	}
	defer w.Close()
	r.world = w
	return r.do(ctx)
}

// run is one run.
type run struct {
	RunConfig
	world  World
	script []fault
	suite  *checks.Suite
	watch  *observe.Watch
	dep    *Deployment
	cancel context.CancelCauseFunc // ends the run without a verdict

	ordersDone atomic.Int64

	mu        sync.Mutex
	echoes    []*redeliver.Broker
	doubled   int64
	receipts  []string
	unstruck  []string
	orderDone chan struct{}  // ordersDone has grown
	events    []checks.Event // of a run that is small enough to be searched
	history   *jsonl.Writer  // nil: nobody keeps it
}

// Limits of a history that porcupine searches.
const (
	bareOrders  = 1000
	bareClients = 8
)

func (r *run) searched() bool {
	return r.Design.Books == inventory.LedgerBooks && r.Workload.Orders() <= bareOrders && r.Workload.Clients <= bareClients
}

// prepare reads the scenario's faults and checks that they can be expressed.
func (r *run) prepare() error {
	if r.Options.RecordKey != "" && r.Design.Connector != nil && !r.Design.Connector.Outbox {
		c := *r.Design.Connector
		c.KeyColumn = r.Options.RecordKey
		r.Design.Connector = &c
	}
	for _, name := range r.roles() {
		if !slices.ContainsFunc(r.Design.Roles, func(role inventory.Role) bool { return role.Name == name }) {
			return checks.InputErrorf("design "+r.Design.Name, 0, "it has no role %s", name)
		}
	}
	workers := false
	for _, role := range r.Design.Roles {
		workers = workers || role.Name == "worker"
	}
	if r.Restarts > 0 && !workers {
		return checks.InputErrorf("--restarts", 0, "design %s has no workers to kill", r.Design.Name)
	}
	if r.Duplicates.Num > 0 && r.Design.Connector == nil {
		return checks.InputErrorf("--duplicates", 0, "design %s has no records to deliver again", r.Design.Name)
	}
	var err error
	r.script, err = readFaults(r.Scenario, &r.Workload, r.Design)
	return err
}

// Topics are all that a design's deployment writes: its own, and the connector's: one that is missing
// stalls a connector for ever.
func Topics(d inventory.Design) []inventory.Topic {
	topics := append([]inventory.Topic(nil), d.Topics...)
	if d.Connector != nil {
		for _, name := range debezium.ForDesign(*d.Connector).OwnTopics() {
			topics = append(topics, inventory.Topic{Name: name})
		}
	}
	return topics
}

func (r *run) do(ctx context.Context) (RunResult, error) {
	header := checks.Header{Design: r.Design.Name, Claims: observe.Claims(r.Design), Capability: capability(r.Design),
		Tier: r.world.About(), Seed: r.Seed, Names: r.Workload.Names()}
	r.suite = checks.New(header)
	if len(r.Judges) > 0 {
		r.suite.Remember()
	}
	if r.searched() {
		r.suite.Also(func(e checks.Event) { r.events = append(r.events, e) })
	}
	if r.History != nil {
		r.history = jsonl.NewWriter(r.History, header)
		r.suite.Also(r.history.Observe)
	}
	r.watch = observe.NewWatch(r.suite, time.Now)
	r.orderDone = make(chan struct{}, 1)
	ctx, r.cancel = context.WithCancelCause(ctx)
	defer r.cancel(nil)
	var err error
	r.dep, err = Deploy(ctx, r.world, r.Design, DeployOptions{Options: r.Options.Options, Fronts: r.Options.Fronts,
		Workers: r.Options.Workers, Roles: r.roles(), End: r.End, Duplicate: r.duplicate(), Decorate: r.decorate()}, r.watch)
	if err != nil {
		return RunResult{}, err
	}
	summary, err := r.drive(ctx)
	if err != nil {
		return RunResult{}, errors.Join(because(ctx, err), r.dep.Stop())
	}
	audit, converged, err := r.settle(ctx)
	if err := errors.Join(err, r.dep.Stop()); err != nil {
		return RunResult{}, err
	}
	audit.Supply = summary.Supply
	if err := r.watch.Final(&audit, r.world.Sizes); err != nil {
		return RunResult{}, err
	}
	result := r.judge(summary, audit, converged)
	if r.history != nil {
		if err := r.history.Close(audit, checks.End{NeverHappened: result.Missing}); err != nil {
			return result, err
		}
	}
	return result, nil
}

// because is err, or why ctx was cancelled, if a fault did that: then err only follows from it.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// roles are the roles that do not always run, and that the options ask for.
func (r *run) roles() []string {
	var names []string
	for _, asked := range []struct {
		on   bool
		role string
	}{{r.Options.Reconcile, "reconciler"}, {r.Options.Bootstrap, "bootstrap"}, {r.Options.Relay, "relay"},
		{r.Options.Emit, "emitter"}} {
		if asked.on {
			names = append(names, asked.role)
		}
	}
	return names
}

// drive lets the clients work while the faults strike, then heals.
func (r *run) drive(ctx context.Context) (clients.Summary, error) {
	faulty, stop := context.WithCancel(ctx)
	defer stop()
	var faults sync.WaitGroup
	total := r.Workload.Orders()
	killed := make(chan struct{})
	begun := func() {
		faults.Go(func() { r.play(faulty) })
		faults.Go(func() { defer close(killed); r.restarts(faulty, total) })
	}
	summary, err := clients.Drive(ctx, clients.DriveConfig{Fronts: r.dep.Fronts(), Workload: r.Workload, Runtime: r.clientRuntime(),
		Recorder: observe.NewRecorder(r.watch.Observe, time.Now), Patience: r.Patience, Settle: r.Settle,
		Moved: r.watch.Moved, Supplied: begun, Progress: func(orders int) {
			r.ordersDone.Store(max(int64(orders), r.ordersDone.Load()))
			select {
			case r.orderDone <- struct{}{}:
			default:
			}
			r.progress(orders, "")
		}})
	if err == nil && r.Restarts > 0 {
		r.lastKills(ctx, killed)
	}
	stop()
	faults.Wait()
	return summary, errors.Join(err, r.dep.Heal())
}

// settle waits until every accepted command is decided and every read model shows the truth, then
// reads the books.
func (r *run) settle(ctx context.Context) (checks.Audit, time.Duration, error) {
	p, done, err := r.world.Open("auditor")
	if err != nil {
		return checks.Audit{}, -1, err
	}
	defer done()
	began := time.Now()
	moved, last := began, -1
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		var audit checks.Audit
		asked := time.Now()
		err := inventory.Retry(ctx, p.Runtime, r.Auditor, func() (err error) {
			audit, err = observe.Audit(ctx, p, r.Design, r.Options.Options)
			return err
		})
		if err != nil {
			return audit, -1, err
		}
		took := time.Since(began)
		switch n := observe.Unrest(audit); {
		case n == 0:
			return audit, took, nil
		case n != last:
			moved, last = time.Now(), n
		case time.Since(moved) > r.Settle:
			return audit, -1, nil
		}
		// An audit of large books is no light load: there is as long a pause before the next one.
		if err := p.Runtime.Sleep(ctx, max(wait, time.Since(asked))); err != nil {
			return audit, -1, err
		}
	}
}

func (r *run) judge(s clients.Summary, a checks.Audit, converged time.Duration) RunResult {
	s = s.Final(a)
	out := RunResult{Reports: r.suite.Finish(a), Summary: s, Duplicates: r.watch.Count("duplicate"),
		DeadLetters: max(int64(len(a.Dead)), r.watch.Count("dead-letter")), Lanes: len(a.Lanes) + len(a.Stock),
		Converged: converged, SpeedRead: a.SpeedRead, Failures: r.watch.Failures()}
	out.Alarms, out.MoreAlarms = r.watch.Alarms()
	r.mu.Lock()
	defer r.mu.Unlock()
	out.Receipts, out.Missing = r.receipts, r.unstruck
	if r.Duplicates.Num > 0 {
		again := r.doubled
		for _, e := range r.echoes {
			again += e.Counts().Redelivered
		}
		if again == 0 {
			out.Missing = append(out.Missing, "duplicates")
		} else {
			out.Receipts = append(out.Receipts, fmt.Sprintf("%d records delivered again, %d of them at new offsets", again, r.doubled))
		}
	}
	out.Result = checks.Judge(out.Reports, checks.Conditions{Decisions: s.Decisions(), NeverHappened: out.Missing})
	if r.searched() {
		ops := checks.Operations(r.events)
		out.Bare = &Bare{Reports: checks.Bare(ops, checks.BareOptions{}), Operations: len(ops)}
	}
	if out.Disagreements = r.suite.Triangulate(nil, r.Judges); len(out.Disagreements) > 0 {
		out.Result = checks.Worst(out.Result, checks.Disagreement)
	}
	if len(out.Failures) > 0 {
		out.Result = checks.Worst(out.Result, checks.InternalError)
	}
	return out
}

// duplicate picks the records that the connector sends once more: half of the share.
func (r *run) duplicate() func(int, port.Record) bool {
	if r.Duplicates.Num == 0 {
		return nil
	}
	half := random.Ratio{Num: r.Duplicates.Num, Den: 2 * max(r.Duplicates.Den, 1)}
	draws := random.Stream(r.Seed, "duplicates at new offsets")
	return func(_ int, rec port.Record) bool {
		switch rec.Topic {
		case model.CommandTopic, model.StateTopic, model.OrderTopic:
		default:
			return false
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if !draws.Chance(half) {
			return false
		}
		r.doubled++
		return true
	}
}

// decorate lets the consumers' offset commits be lost, so that the other half comes again at the same
// offsets.
func (r *run) decorate() func(string, port.Broker) port.Broker {
	if r.Duplicates.Num == 0 {
		return nil
	}
	share := float64(r.Duplicates.Num) / float64(max(r.Duplicates.Den, 1)) / 2
	return func(instance string, b port.Broker) port.Broker {
		r.mu.Lock()
		defer r.mu.Unlock()
		e := redeliver.Wrap(b, redeliver.Options{Share: share, Seed: random.Stream(r.Seed, instance).Uint64()})
		r.echoes = append(r.echoes, e)
		return e
	}
}

func (r *run) progress(orders int, note string) {
	if r.Progress != nil {
		r.Progress(Progress{Orders: orders, Of: r.Workload.Orders(), Duplicates: r.watch.Count("duplicate"), Note: note})
	}
}

// capability is what a design's books can tell.
func capability(d inventory.Design) checks.Capability {
	switch d.Books {
	case inventory.LedgerBooks:
		return checks.LedgerRows
	case inventory.RowLockBooks:
		return checks.StockAfter
	}
	return checks.ScriptReplies
}
