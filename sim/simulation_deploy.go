package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/cdc"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
	"stockproof/sim/observe"
	"stockproof/sim/scenario"
)

// Instance is an instance of a role in a simulation: a process, its connections, and how to make its
// successor.
type Instance struct {
	name, role string
	build      func(inventory.Ports, inventory.Options) port.Process
	proc       *engine.Process
	truth      port.Truth
	broker     *joins
	client     string // by which the broker knows this life of the instance
	lives      int
	evicted    bool
	suffix     string   // of its groups' names
	earlier    []string // groups that its earlier lives joined
	ended      bool     // its work is done: nobody starts it again
	retired    bool     // likewise: it was taken out of service
}

// Name is what people and schedules call the instance: its role and a number.
func (in *Instance) Name() string { return in.name }

// Role is what it does.
func (in *Instance) Role() string { return in.role }

// Lives counts how often it was started.
func (in *Instance) Lives() int { return in.lives }

// Process is its present life.
func (in *Instance) Process() *engine.Process { return in.proc }

// deploy starts every process.
func (s *Simulation) deploy() error {
	s.clients = s.Engine.NewProcess("clients", "clients")
	s.clients.Patient = true
	var err error
	s.Engine.Alone(func() { err = s.Postgres.Client().Do(s.ctx, &port.SetEpoch{}) })
	if err != nil {
		return fmt.Errorf("sim: set the first epoch: %w", err)
	}
	d, o := s.c.Design, s.c.Options
	for i, mode := range o.APIs() {
		s.front(apiName(i), mode)
	}
	if d.Connector != nil && !o.Relay {
		s.launch("connector", "connector", s.connector)
	}
	for _, r := range d.Roles {
		if slices.Contains(s.c.Without, r.Name) {
			continue
		}
		for _, name := range standing(r, o) {
			s.launch(name, r.Name, r.New)
		}
	}
	return nil
}

func (s *Simulation) connector(p inventory.Ports, o inventory.Options) port.Process {
	c := s.c.Design.Connector
	flush := 4
	if s.c.Search {
		flush = 1 // a position that is flushed now and then would be one more thing to remember
	}
	return cdc.New(s.Postgres.Slot(connectorName, c.Tables...), p.Broker, p.Runtime, debezium.ForDesign(*c),
		cdc.Options{FlushBatches: flush, Backoff: o.Backoff, Faults: s.cdc.faults(), Snapshot: s.cdc.snapshot})
}

func (s *Simulation) launch(name, role string, build func(inventory.Ports, inventory.Options) port.Process) *Instance {
	in := &Instance{name: name, role: role, build: build}
	s.instances = append(s.instances, in)
	s.start(in)
	return in
}

// start begins a life of an instance. Nothing of the last one is left.
func (s *Simulation) start(in *Instance) {
	if in.lives++; in.lives > 1 {
		in.earlier = in.groups()
	}
	in.client, in.evicted = in.name, false
	if in.lives > 1 {
		in.client = fmt.Sprintf("%s'%d", in.name, in.lives)
	}
	in.proc = s.Engine.NewProcess(in.client, in.role)
	in.truth = s.Postgres.Client()
	in.broker = &joins{Broker: otherGroups{s.Kafka.Client(in.client), in.suffix}}
	t := observe.NewTap(s.Watch, func(observe.Point) bool { return false })
	p := t.Wrap(inventory.Ports{Truth: in.truth, Speed: s.Redis.ClientOf(in.name), Broker: s.broker(in),
		Runtime: in.proc.Runtime(), OrderEvent: orderEvent})
	p.Monitor = s.Watch.Monitor(in.name, t)
	proc, o := in.proc, s.c.Options.Options
	if s.options != nil {
		s.options(&o)
	}
	process := in.build(p, o)
	proc.Go("main", func() {
		if err := process.Run(s.ctx); err != nil && !proc.Dead() {
			s.Watch.Failed(in.name, err)
		}
		in.ended = !proc.Dead()
	})
}

// front starts an API process. Its clients reach it over a network: [remote].
func (s *Simulation) front(name string, mode inventory.AdmissionMode) {
	var f inventory.Front
	in := s.launch(name, "api", func(p inventory.Ports, o inventory.Options) port.Process {
		o.Admission = mode
		f = s.c.Design.Front(p, o)
		return f.Process
	})
	r := &remote{s: s, in: in, front: func() inventory.Front { return f }}
	orders := *f.Orders
	orders.Admission, orders.Runtime, orders.Poll = r, s.clients.Runtime(), pollPeriod
	stock := *f.Stock
	stock.Source = r
	// The clients' own halves of the front run in the clients' process.
	s.fronts = append(s.fronts, inventory.Front{Orders: &orders, Stock: &stock})
}

// instance is the instance of a process's name, of whichever life.
func (s *Simulation) instance(name string) *Instance {
	for _, in := range s.instances {
		if in.name == name {
			return in
		}
	}
	return nil
}

// of is the instance whose present life is the process.
func (s *Simulation) of(p *engine.Process) *Instance {
	for _, in := range s.instances {
		if in.proc == p {
			return in
		}
	}
	return nil
}

// Crash ends an instance as kill -9 does: PostgreSQL notices, the broker evicts its members when their
// session times out, and a supervisor starts a successor.
func (s *Simulation) Crash(in *Instance) {
	if in.proc.Dead() {
		return
	}
	truth := in.truth
	s.Engine.Crash(in.proc)
	if s.Postgres.Busy(truth) { // else there is nothing that the server could end
		s.Engine.Later("postgres notices the end of "+in.client, func() { s.Postgres.Kill(truth) })
	}
	s.evictLater(in)
	s.Engine.At(restartDelay, "restart "+in.name, func() { s.Restart(in) })
}

// evictLater lets the session of an instance that is silent time out.
func (s *Simulation) evictLater(in *Instance) {
	client, broker, proc := in.client, in.broker, in.proc
	for _, j := range broker.joined() {
		s.Engine.At(sessionTimeout, "kafka evicts "+client, func() {
			if proc.Dead() || proc.Paused() {
				s.Kafka.Evict(j.group, client)
			}
			if proc.Dead() {
				s.Kafka.Forget(j.group, client)
			}
		})
	}
}

// Restart starts a dead instance anew.
func (s *Simulation) Restart(in *Instance) {
	if in.proc.Dead() && !in.retired && !in.ended {
		s.start(in)
	}
}

// Retire takes an instance out of service for good.
func (s *Simulation) Retire(in *Instance) {
	if in.retired {
		return
	}
	in.retired = true
	if in.proc.Dead() {
		return
	}
	s.Engine.Crash(in.proc)
	s.Postgres.Kill(in.truth)
	for _, j := range in.broker.joined() {
		s.Kafka.Evict(j.group, in.client)
	}
}

// freeName is a name that no instance has.
func (s *Simulation) freeName(stem string) string {
	for n := 1; ; n++ {
		if name := fmt.Sprintf("%s-%d", stem, n); s.instance(name) == nil {
			return name
		}
	}
}

// broker is an instance's way to Kafka.
func (s *Simulation) broker(in *Instance) port.Broker {
	if in.role == "connector" || in.role == "relay" {
		return rewriter{in.broker, s}
	}
	return in.broker
}

// otherGroups is a broker whose user consumes under group ids of its own.
type otherGroups struct {
	port.Broker
	suffix string
}

func (b otherGroups) Join(ctx context.Context, group, topic string) (port.Member, error) {
	return b.Broker.Join(ctx, group+b.suffix, topic)
}

// lasts ends something after d (0: never by itself), and in any case when the faults end.
func (s *Simulation) lasts(d time.Duration, what string, end func()) {
	over := false
	once := func() {
		if !over {
			over = true
			end()
		}
	}
	s.heals = append(s.heals, once)
	if d > 0 {
		s.Engine.At(d, what, once)
	}
}

// Pause stops an instance in its tracks, a garbage collection that takes d: the broker evicts it when
// that is longer than its session, and it wakes as a zombie.
func (s *Simulation) Pause(in *Instance, d time.Duration) {
	proc := in.proc
	s.Engine.Pause(proc)
	s.evictLater(in)
	s.Engine.At(d, "wake "+in.client, func() { s.wake(in, proc) })
}

func (s *Simulation) wake(in *Instance, proc *engine.Process) {
	s.Engine.Resume(proc)
	client, broker := in.client, in.broker
	for _, j := range broker.joined() {
		s.Engine.At(sessionTimeout, "kafka tells "+client, func() { s.Kafka.Heartbeat(j.group, client) })
	}
}

// heal ends what faults began: servers are as they should be, the dead are started anew and the paused go
// on.
func (s *Simulation) heal() {
	s.Engine.DeliverDelayed()
	for _, end := range s.heals {
		end()
	}
	for _, in := range s.instances {
		if in.proc.Paused() {
			s.wake(in, in.proc)
		}
		s.Restart(in)
	}
}

// askedRoles are the roles that do not always run, and that the options ask for.
func askedRoles(o scenario.DesignOptions) []string {
	var names []string
	for _, asked := range []struct {
		on   bool
		role string
	}{{o.Reconcile, "reconciler"}, {o.Bootstrap, "bootstrap"}, {o.Relay, "relay"}} {
		if asked.on {
			names = append(names, asked.role)
		}
	}
	return names
}
