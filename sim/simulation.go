package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/memory"
	"stockproof/adapters/memory/kafka"
	"stockproof/adapters/memory/luahost"
	"stockproof/adapters/memory/postgres"
	"stockproof/adapters/memory/redis"
	"stockproof/checks"
	"stockproof/checks/jsonl"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/clients"
	"stockproof/sim/engine"
	"stockproof/sim/observe"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// Simulation is one run of a design on simulated servers, under an engine that owns every choice: the
// same production code, codecs and scripts as everywhere else, and nothing that the engine does not
// schedule. It is the tier "core".
type Simulation struct {
	Engine   *engine.Engine
	Postgres *postgres.Server
	Redis    *redis.Server
	Kafka    *kafka.Server
	Watch    *observe.Watch

	c         SimulationConfig
	suite     *checks.Suite
	record    *jsonl.Writer   // nil: nobody keeps the history
	commits   []checks.Commit // of a run that is triangulated
	instances []*Instance
	fronts    []inventory.Front
	clients   *engine.Process
	plan      *plan
	drawing   Drawing             // nil: nobody draws the run
	names     map[model.ID]string // what people call orders and commands
	open      bool                // the initial stock is in and the clients are at work: faults strike, choices are made
	driven    bool
	rested    bool     // of a search: nobody can go on unless time passes
	unread    []string // topics of the connector's own, which no process reads
	history   uint64   // of a search: what the checkers were told, each with what had been answered before,
	answered  uint64   // the answers,
	answers   int      // and how many they are
	summary   clients.Summary
	err       error
	ctx       context.Context

	needs    worldNeeds
	heals    []func()                 // what ends with the faults
	cdc      connectorTrouble         // what the connector does besides its duty
	rewrite  *rewrite                 // of commands on their way to the topic; nil: none
	jumped   time.Duration            // that advance-time made pass
	restless restless                 // what lets time pass where nothing rests
	resubmit int                      // submissions that the network will carry twice
	options  func(*inventory.Options) // what a bad deployment changes; nil: nothing
}

// SimulationConfig says what is simulated.
type SimulationConfig struct {
	Design   inventory.Design
	Options  scenario.DesignOptions
	Workload workload.Workload
	// Faults strike in order, each when the one before it has.
	Faults []Fault
	// Kinds are kinds of fault that [Simulation.Strike] may be asked for: the world is made for them too.
	Kinds []string
	Seed  uint64 // of jitter
	// Roles are the roles that run beside those that always do, and without those that must not.
	Without []string
	// Chooser picks who runs next once the clients are at work; nil: nothing is ever preempted.
	Chooser engine.Chooser
	// Fate decides what becomes of a request, for those that no fault of the list is about; may be nil.
	Fate func(engine.Point) engine.Fate
	// Passed is called between two steps, after the faults of the list; may be nil.
	Passed func(s *Simulation, p engine.Point)
	// Stepped hears of every step before anything else does, from the first of the deployment to the last of the rest; may be nil.
	Stepped   func(s *Simulation, p engine.Point)
	StepLimit int
	// Search is for a search that visits every state once (engine.Options.Search); its chooser may halt
	// the run.
	Search bool
	// Rested is asked by a search when nobody can go on unless time passes; false halts the run there. May
	// be nil.
	Rested func(s *Simulation) bool
	// AtRest are roles, of those in Without, that a search starts when nobody can go on unless time passes: those that
	// do something only because it does.
	AtRest []string
	// Bound is how long in virtual time the clients may take, and then how long the books may take to
	// come to rest once everything is healed; default 10 minutes each.
	Bound time.Duration
	// History is where the history goes, as JSON lines; nil: nowhere.
	History io.Writer
	// Judges judge the decisions beside the checkers, [checks.Triangulation]: the simulator's own commit points and
	// porcupine; where two of them disagree, one is wrong, and that is the result. None: nobody does.
	Judges []checks.LaneJudge
	// Lua holds the compiled scripts; simulations that never run at once may share one.
	Lua *luahost.Host
}

// Outcome is what came of a simulation.
type Outcome struct {
	RunResult
	Steps  int
	Cut    bool   // the step limit ended it: it proves nothing
	Digest uint64 // of the steps that were taken, and of what the servers hold in the end: equal for equal runs
	Audit  checks.Audit
	Struck []string // kinds of the faults that struck, in order
	// KnownLimits are guarantees that failed behind a fault outside the design's envelope: they count as not
	// claimed.
	KnownLimits []KnownLimit
	Halted      bool // the chooser of a search ended it: nothing was judged
	// Explain draws the operations that are not linearizable ([checks.Suite.Explain]).
	Explain func(io.Writer) error
}

// KnownLimit is a guarantee that failed behind a fault outside of the design's envelope.
type KnownLimit struct {
	Guarantee checks.Guarantee
	Under     string // the kind of the first such fault
	Why       string
}

func (k KnownLimit) String() string {
	return fmt.Sprintf("%s under %s: %s", k.Guarantee, k.Under, k.Why)
}

// Times of the world around the processes, virtual.
const (
	sessionTimeout = 10 * time.Second // after which the broker evicts a member that is silent
	restartDelay   = time.Second      // after which a supervisor starts a dead process anew
	pollPeriod     = 50 * time.Millisecond
	settlePeriod   = time.Second     // between two looks at the books
	defaultRun     = 5 * time.Second // that a process runs which was started once
)

// Simulate runs a simulation to its end. An error means that there is no verdict: bad input, or a bug
// of the workbench or of a process, which may not end by itself.
func Simulate(c SimulationConfig) (Outcome, error) {
	s, err := NewSimulation(engine.New(engine.Options{}), c)
	if err != nil {
		return Outcome{}, err
	}
	defer s.Engine.Close()
	return s.Run()
}

// NewSimulation prepares a simulation on an engine, which is reset.
func NewSimulation(e *engine.Engine, c SimulationConfig) (*Simulation, error) {
	if c.Bound == 0 {
		c.Bound = 10 * time.Minute
	}
	if c.Lua == nil {
		c.Lua = luahost.New()
	}
	c.Design = withRecordKey(c.Design, c.Options)
	s := &Simulation{Engine: e, c: c, ctx: context.Background(), names: c.Workload.Names()}
	e.Reset(engine.Options{Seed: c.Seed, StepLimit: c.StepLimit, Fate: s.fate, Passed: s.passed, Calm: s.calm,
		Search: c.Search, World: s.world, Resting: s.resting, Delay: func(engine.Point) time.Duration { return s.plan.delay }})
	s.prepare()
	s.Postgres = e.Postgres(postgres.Options{KeepCommits: s.needs.commits, SequenceAhead: -1,
		CheckpointConfirms: -1, StillMS: s.still()})
	s.Redis = redis.New(e, redis.Options{Host: c.Lua, Masters: max(1, s.needs.redisMasters),
		KeepWrites: s.needs.redisWrites})
	s.Kafka = e.Kafka(kafka.Options{})
	if c.Design.Connector != nil {
		s.unread = debezium.ForDesign(*c.Design.Connector).OwnTopics()
	}
	for _, t := range Topics(c.Design) {
		s.Kafka.CreateTopic(t.Name, c.Options.Partitions)
	}
	header := checks.Header{Design: c.Design.Name, Claims: observe.Claims(c.Design), Capability: capability(c.Design),
		Tier: "core", Seed: c.Seed, Names: s.names}
	s.suite = checks.New(header)
	if c.History != nil {
		s.record = jsonl.NewWriter(c.History, header)
		s.suite.Also(s.record.Observe)
	}
	s.Watch = observe.NewWatch(s.suite, e.Now)
	if c.Search {
		seen := s.Watch.Observe
		s.Watch.Observe = func(e checks.Event) {
			seen(e)
			s.told(e)
		}
	}
	s.Redis.OnStockChange(s.Watch.StockChange)
	if len(c.Judges) > 0 {
		s.suite.Remember()
		s.Postgres.OnLedger(func(r port.LedgerRow) {
			s.commits = append(s.commits, checks.Commit{Lane: r.Lane, Seq: r.Seq, Command: r.Command, At: s.Watch.Micros()})
		})
	}
	var err error
	if s.plan, err = newPlan(s, c.Faults); err != nil {
		return nil, err
	}
	return s, nil
}

// prepare asks every kind of fault that may strike what it needs. In a search a Redis keeps no more writes than may be lost.
func (s *Simulation) prepare() {
	names, lost := s.c.Kinds, SearchLoses
	for _, f := range s.c.Faults {
		names = append(names[:len(names):len(names)], f.Kind)
		lost = max(lost, f.Lose, f.N)
	}
	for _, name := range names {
		if k, ok := FindFaultKind(name); ok && k.prepare != nil {
			k.prepare(&s.needs)
		}
	}
	if s.c.Search {
		s.needs.redisWrites = min(s.needs.redisWrites, lost)
	}
}

// withRecordKey is the design with another column as the key of its raw-table topic.
func withRecordKey(d inventory.Design, o scenario.DesignOptions) inventory.Design {
	if o.RecordKey != "" && d.Connector != nil && !d.Connector.Outbox {
		c := *d.Connector
		c.KeyColumn = o.RecordKey
		d.Connector = &c
	}
	return d
}

// Run carries out the workload under the faults, heals, lets everything come to rest, and judges.
func (s *Simulation) Run() (Outcome, error) {
	defer s.Engine.Stop()
	if err := s.deploy(); err != nil {
		return Outcome{}, err
	}
	s.drive()
	end := s.serve()
	if end == engine.Halted && !s.rested {
		return Outcome{Halted: true, Steps: s.Engine.Steps(), Digest: s.Engine.Digest()}, s.broken(end)
	}
	s.open = false
	s.Engine.Choose(nil)
	s.startAtRest()
	if end == engine.Halted { // else the clients are done, and others may still be at work
		s.heal()
		end = s.Engine.Run(s.Engine.Now().Add(s.c.Bound), func() bool { return s.driven })
	}
	if err := s.broken(end); err != nil {
		return Outcome{}, err
	}
	s.heal()
	audit, converged, err := s.settle()
	if err != nil {
		return Outcome{}, err
	}
	if s.drawing != nil {
		s.drawing.Rest()
	}
	audit.Supply = s.summary.Supply
	if err := s.Watch.Final(&audit, s.sizes); err != nil {
		return Outcome{}, err
	}
	out := s.judge(audit, converged)
	if s.record != nil {
		err = s.record.Close(audit, checks.End{NeverHappened: out.Missing, Outside: s.outside()})
	}
	return out, err
}

// sizes tells what Redis keeps.
func (s *Simulation) sizes(each func(key string, bytes int)) error {
	s.Engine.Alone(func() { s.Redis.Sizes(each) })
	return nil
}

// serve lets the clients work until they are done, or have taken longer than they may. Time that a fault
// made pass is nobody's slowness.
func (s *Simulation) serve() (end engine.End) {
	began := s.Engine.Now()
	for {
		limit := began.Add(s.c.Bound + s.jumped)
		end = s.Engine.Run(limit, func() bool { return s.driven })
		if end != engine.TimedUp || !began.Add(s.c.Bound+s.jumped).After(limit) {
			return end
		}
	}
}

// broken is why there can be no verdict.
func (s *Simulation) broken(end engine.End) error {
	if fs := s.Engine.Failures(); len(fs) > 0 {
		return errors.Join(fs...)
	}
	if s.err != nil {
		return s.err
	}
	if end == engine.Quiet && !s.driven {
		return errors.New("sim: every actor waits for what never comes")
	}
	return nil
}

// drive begins the clients.
func (s *Simulation) drive() {
	rt := s.clients.Runtime()
	s.clients.Go("drive", func() {
		s.summary, s.err = clients.Drive(s.ctx, clients.DriveConfig{Fronts: s.fronts, Workload: s.c.Workload, Runtime: rt,
			Recorder: observe.NewRecorder(s.Watch.Observe, s.instant), Within: s.Engine.WithTimeout,
			Patience: 20 * time.Second, Settle: time.Minute,
			Supplied: s.begin})
		s.driven = true
	})
}

// begin is called when the initial stock is in: from now on there are choices and faults.
func (s *Simulation) begin() {
	s.open = true
	s.Engine.Choose(s.c.Chooser)
}

// settle lets time pass until the books are at rest.
func (s *Simulation) settle() (a checks.Audit, converged time.Duration, err error) {
	began := s.Engine.Now()
	busy := 0 // seconds without rest, one after the other
	for limit := began.Add(s.c.Bound); ; {
		forced := s.restless.forced
		end := s.Engine.Run(s.Engine.Now().Add(settlePeriod), func() bool { return s.restless.forced > forced })
		if err := s.broken(0); err != nil {
			return a, -1, err
		}
		s.Engine.Alone(func() {
			p := inventory.Ports{Truth: s.Postgres.Client(), Speed: s.Redis.Client(), Broker: s.Kafka.Client("auditor"),
				Runtime: s.clients.Runtime()}
			a, err = observe.Audit(s.ctx, p, s.c.Design, s.c.Options.Options)
		})
		if err != nil {
			return a, -1, fmt.Errorf("sim: audit: %w", err)
		}
		if busy++; s.restless.forced == forced {
			busy = 0
		}
		now := s.Engine.Now()
		switch {
		case busy >= restlessMax:
			a.Restless = true
			return a, -1, nil
		case busy == 0 && observe.Quiet(a):
			return a, now.Sub(began), nil
		case end == engine.Quiet || end == engine.Cut || !now.Before(limit):
			return a, -1, nil
		}
	}
}

func (s *Simulation) judge(a checks.Audit, converged time.Duration) Outcome {
	w := s.Watch
	out := Outcome{Steps: s.Engine.Steps(), Cut: s.Engine.Cut(), Digest: s.digest(), Audit: a, Explain: s.suite.Explain}
	out.Reports, out.Summary, out.Converged = s.suite.Finish(a), s.summary.Final(a), converged
	out.KnownLimits = s.knownLimits(out.Reports)
	out.Duplicates, out.Lanes = w.Count("duplicate"), len(a.Lanes)+len(a.Stock)
	out.DeadLetters = max(int64(len(a.Dead)), w.Count("dead-letter"))
	out.Failures = w.Failures()
	out.Alarms, out.MoreAlarms = w.Alarms()
	out.Receipts, out.Missing = s.plan.receipts, s.plan.missing()
	out.Struck = s.plan.kindsStruck
	out.Result = checks.Judge(out.Reports, checks.Conditions{Decisions: out.Summary.Decisions(), NeverHappened: out.Missing})
	if len(out.Failures) > 0 {
		out.Result = checks.Worst(out.Result, checks.InternalError)
	}
	if out.Disagreements = s.suite.Triangulate(s.commits, s.c.Judges); len(out.Disagreements) > 0 {
		out.Result = checks.Worst(out.Result, checks.Disagreement)
	}
	return out
}

// digest sums up a run that came to its end.
func (s *Simulation) digest() uint64 {
	h := memory.NewHash()
	h.Word(s.Engine.Digest())
	h.Word(s.ServersDigest())
	return uint64(h)
}
