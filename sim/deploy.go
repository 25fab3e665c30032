package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/cdc"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/sim/observe"
)

// Deployment is a design's processes on a world: fronts, roles and the connector, each an instance
// with its own connections that can die and be started again.
type Deployment struct {
	world   World
	design  inventory.Design
	options DeployOptions
	watch   *observe.Watch
	ctx     context.Context
	stop    context.CancelFunc

	mu        sync.Mutex
	instances map[string]*instance
	fronts    []inventory.Front
}

// DeployOptions say how much of everything runs.
type DeployOptions struct {
	inventory.Options
	// Fronts are the API processes by how they admit; default one, as Options say.
	Fronts  []inventory.AdmissionMode
	Workers int      // instances of role worker; default 2
	Roles   []string // roles that do not always run, and are wanted
	// Duplicate is the share of command and state records that the connector delivers once more, at
	// new offsets.
	Duplicate func(n int, rec port.Record) bool
	// End is how long a process that was told to end, or was killed, may take to end; default 30 s. One
	// that takes longer is stuck: nothing can take its place, and whoever waits for it gets a
	// [StuckError].
	End time.Duration
	// Decorate puts something before an instance's broker; nil: nothing.
	Decorate func(instance string, b port.Broker) port.Broker
}

// StuckError says which process does not end.
type StuckError struct {
	Waiting        string // who waits for it: "restart", "heal", "stop", "crash"
	Instance, Role string
	After          time.Duration
}

func (e *StuckError) Error() string {
	return fmt.Sprintf("%s %s (role %s): it has not ended after %s", e.Waiting, e.Instance, e.Role, e.After)
}

// instance is one process.
type instance struct {
	name   string
	role   string
	tap    *observe.Tap
	cancel context.CancelFunc
	close  func()
	done   chan struct{}
	start  func() error
}

// Deploy starts everything.
func Deploy(ctx context.Context, w World, d inventory.Design, o DeployOptions, watch *observe.Watch) (*Deployment, error) {
	if o.End == 0 {
		o.End = 30 * time.Second
	}
	dep := &Deployment{world: w, design: d, options: o, watch: watch, instances: map[string]*instance{}}
	dep.ctx, dep.stop = context.WithCancel(ctx)
	w.OnStockChange(watch.StockChange)
	if err := dep.open(); err != nil {
		return nil, err
	}
	if len(o.Fronts) == 0 {
		o.Fronts = []inventory.AdmissionMode{o.Admission}
	}
	for i, mode := range o.Fronts {
		if err := dep.front(i, mode); err != nil {
			return nil, errors.Join(err, dep.Stop())
		}
	}
	if d.Connector != nil && !o.Relay {
		if err := dep.launch("connector", "connector", dep.connector); err != nil {
			return nil, errors.Join(err, dep.Stop())
		}
	}
	for _, r := range d.Roles {
		if !r.Always && !slices.Contains(o.Roles, r.Name) {
			continue
		}
		n := 1
		if r.Name == "worker" {
			n = max(o.Workers, 1)
		}
		for i := range n {
			if err := dep.launch(fmt.Sprintf("%s-%d", r.Name, i+1), r.Name, r.New); err != nil {
				return nil, errors.Join(err, dep.Stop())
			}
		}
	}
	return dep, nil
}

// open gives the truth its first epoch.
func (d *Deployment) open() error {
	p, done, err := d.world.Open("operator")
	if err != nil {
		return err
	}
	defer done()
	return inventory.Retry(d.ctx, p.Runtime, inventory.DefaultBackoff, func() error {
		return p.Truth.Do(d.ctx, &port.SetEpoch{})
	})
}

// connector is the process that carries the log to the broker.
func (d *Deployment) connector(p inventory.Ports, o inventory.Options) port.Process {
	c := d.design.Connector
	cfg := debezium.ForDesign(*c)
	return cdc.New(d.world.Slot(connectorName, c.Tables...), p.Broker, p.Runtime, cfg,
		cdc.Options{FlushBatches: 4, Backoff: o.Backoff, Duplicate: d.options.Duplicate})
}

func (d *Deployment) front(i int, mode inventory.AdmissionMode) error {
	return d.launch(fmt.Sprintf("api-%d", i+1), "api", func(p inventory.Ports, o inventory.Options) port.Process {
		o.Admission = mode
		f := d.design.Front(p, o)
		d.mu.Lock()
		d.fronts = append(d.fronts, f)
		d.mu.Unlock()
		return f.Process
	})
}

// launch starts an instance.
func (d *Deployment) launch(name, role string, build func(inventory.Ports, inventory.Options) port.Process) error {
	in := &instance{name: name, role: role}
	in.start = func() error {
		p, done, err := d.world.Open(name)
		if err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
		in.tap = observe.NewTap(d.watch, func(p observe.Point) bool { return d.watch.Passed(in.role, in.name, p) })
		if d.options.Decorate != nil {
			p.Broker = d.options.Decorate(name, p.Broker)
		}
		p = in.tap.Wrap(p)
		p.Monitor = d.watch.Monitor(name, in.tap)
		ctx, cancel := context.WithCancel(d.ctx)
		in.cancel, in.close, in.done = cancel, done, make(chan struct{})
		process := build(p, d.options.Options)
		go d.run(ctx, *in, process)
		return nil
	}
	if err := in.start(); err != nil {
		return err
	}
	d.mu.Lock()
	d.instances[name] = in
	d.mu.Unlock()
	return nil
}

// run is one life of an instance: in is a copy, because a successor may begin before the last of this
// life has ended. However it ends, its connections end behind it.
func (d *Deployment) run(ctx context.Context, in instance, process port.Process) {
	defer close(in.done)
	defer in.close()
	ended, tap, cancel := make(chan struct{}), in.tap, in.cancel
	go func() { // a tap that was told to die takes the whole process with it
		for !tap.Dead() {
			select {
			case <-ended:
				return
			case <-ctx.Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
		cancel()
	}()
	err := process.Run(ctx)
	close(ended)
	if err != nil && ctx.Err() == nil && !tap.Dead() {
		d.watch.Failed(in.name, err)
	}
}

// Fronts are the API processes.
func (d *Deployment) Fronts() []inventory.Front {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]inventory.Front(nil), d.fronts...)
}

// Crash ends an instance as kill -9 does.
func (d *Deployment) Crash(name string) error {
	in := d.instance(name)
	if in == nil {
		return fmt.Errorf("crash %s: there is no such process", name)
	}
	in.tap.Kill()
	in.cancel()
	return d.ended("crash", in)
}

// ended waits for the end of an instance's present life, as long as that may take.
func (d *Deployment) ended(waiting string, in *instance) error {
	late := time.NewTimer(d.options.End)
	defer late.Stop()
	select {
	case <-in.done:
		return nil
	case <-late.C:
		return &StuckError{waiting, in.name, in.role, d.options.End}
	}
}

// Restart starts a dead instance anew: no state outlives it.
func (d *Deployment) Restart(name string) error {
	in := d.instance(name)
	if in == nil {
		return fmt.Errorf("restart %s: there is no such process", name)
	}
	if err := d.ended("restart", in); err != nil {
		return err
	}
	return in.start()
}

// Heal starts every process that is dead.
func (d *Deployment) Heal() error {
	d.mu.Lock()
	var dead []*instance
	for _, in := range d.instances {
		if in.tap.Dead() {
			dead = append(dead, in)
		}
	}
	d.mu.Unlock()
	for _, in := range dead {
		if err := d.ended("heal", in); err != nil {
			return err
		}
		if err := in.start(); err != nil {
			return err
		}
	}
	return nil
}

func (d *Deployment) instance(name string) *instance {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.instances[name]
}

// Names are the instances of a role, sorted.
func (d *Deployment) Names(role string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for n, in := range d.instances {
		if in.role == role {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// Stop ends everything gracefully. What has not ended after DeployOptions.End is a [StuckError].
func (d *Deployment) Stop() error {
	d.stop()
	d.mu.Lock()
	all := make([]*instance, 0, len(d.instances))
	for _, in := range d.instances {
		all = append(all, in)
	}
	d.mu.Unlock()
	late := time.NewTimer(d.options.End) // one for all: they end side by side
	defer late.Stop()
	for _, in := range all {
		select {
		case <-in.done:
		case <-late.C:
			return &StuckError{"stop", in.name, in.role, d.options.End}
		}
	}
	return nil
}
