package sim

import (
	"fmt"
	"slices"
	"sync"

	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
)

// FaultKind is a kind of fault: what it does, when it can, and what it takes.
type FaultKind struct {
	Name  string
	About string   // one line for people
	Place string   // what it strikes: "clients", "connector" or a server; "": a process
	Keys  []string // settings beside those of its trigger: what each means says [FaultKeys]
	// NeedsBy says that by= has no default; without it, what takes one lasts until the faults end.
	NeedsBy bool
	// Forms are the values of form= (of evict-keys: policy=); the first is the default.
	Forms []string
	// Hidden is what the kind leaves behind that no state of a search tells, so that a search cannot offer it; "": nothing.
	Hidden string

	// fate is what becomes of the request that passes the trigger; Delivered: it is no fault of a request.
	fate engine.Fate
	// applies: nil: to every design.
	applies func(d inventory.Design, o scenario.DesignOptions) bool
	// prepare asks for a world in which it can happen; nil: any will do.
	prepare func(w *worldNeeds)
	// strike does it and says what it did; "" if there was nothing to do it to: then it did nothing, and is
	// asked again at the next moment like this. What takes effect with
	// something that comes later, as a connector's next change, says so by [Simulation.await].
	strike func(s *Simulation, f *Fault, p engine.Point) string
}

// armed is what kinds leave hidden that take effect with something that comes later.
const armed = "what it has armed until something passes"

// worldNeeds is what servers are made for: what costs time or memory is there only where a fault needs it.
type worldNeeds struct {
	redisMasters int // 0: no Cluster
	redisWrites  int // that a failover may lose, or a replica lack
	commits      int // that a PostgreSQL failover may lose
}

// FaultKinds are all kinds that a simulation knows, in the order in which help lists them.
func FaultKinds() []FaultKind {
	return slices.Concat(requestFaults(), processFaults(), at("clients", clientFaults()), at("connector", connectorFaults()),
		at("connector", recordFaults()), at("kafka", kafkaFaults()), at("redis", redisFaults()),
		at("redis", redisClusterFaults()), at("postgres", postgresFaults()))
}

// at gives kinds their place, but for those that have one.
func at(place string, kinds []FaultKind) []FaultKind {
	for i := range kinds {
		if kinds[i].Place == "" {
			kinds[i].Place = place
		}
	}
	return kinds
}

// kindsByName are the kinds, which are constant, by their names. A search looks them up in every execution, and
// to make them all takes longer than to make its servers. They are made at first use, since kinds refer to
// simulations and these to kinds.
var kindsByName struct {
	once sync.Once
	all  map[string]FaultKind
}

// FindFaultKind is the kind of a name.
func FindFaultKind(name string) (FaultKind, bool) {
	kindsByName.once.Do(func() {
		kindsByName.all = map[string]FaultKind{}
		for _, k := range FaultKinds() {
			kindsByName.all[k.Name] = k
		}
	})
	k, ok := kindsByName.all[name]
	return k, ok
}

// DefaultFaultKinds are the kinds that a campaign draws from when nobody says which: those that can strike
// a design and that its claims survive.
func DefaultFaultKinds(d inventory.Design, o scenario.DesignOptions) (names []string) {
	for _, k := range FaultKinds() {
		if k.Applies(d, o) && d.Survives(k.Name) {
			names = append(names, k.Name)
		}
	}
	return names
}

// FaultKeys says what the settings of faults mean, in the order in which help lists them.
func FaultKeys() [][2]string {
	return [][2]string{
		{"role", "whom it strikes: the instance that passed the trigger if it has the role, else the first that lives"},
		{"by", "how long it lasts, or how far a clock goes: 15s, 25h"},
		{"n", "how many: records, writes, keys, requests, units"},
		{"lose", "how many of the last writes or commits are lost"},
		{"skew", "how far a promoted replica's clock is ahead"},
		{"form", "which of several"},
		{"policy", "the maxmemory-policy"},
		{"topic", "which topic; default: that of the commands"},
		{"order", "the order whose request passes the trigger, or whose records it is about"},
		{"sku", "the SKU whose request passes the trigger, or whose records or keys it is about"},
	}
}

// OfRequest reports whether the kind is what becomes of a request, which its trigger must name.
func (k FaultKind) OfRequest() bool { return k.fate != engine.Delivered }

// Applies reports whether the kind can strike anything of a design as it is deployed.
func (k FaultKind) Applies(d inventory.Design, o scenario.DesignOptions) bool {
	return k.applies == nil || k.applies(d, o)
}

// CheckApplies refuses a design that the kind cannot strike: a fault that was asked for and could never happen
// would only be missed at the end.
func (k FaultKind) CheckApplies(d inventory.Design, o scenario.DesignOptions) error {
	if k.Applies(d, o) {
		return nil
	}
	return fmt.Errorf("it cannot strike design %s as it is deployed here", d.Name)
}

func hasRedis(d inventory.Design, _ scenario.DesignOptions) bool {
	return d.Books != inventory.RowLockBooks
}

func hasKafka(d inventory.Design, _ scenario.DesignOptions) bool { return len(d.Topics) > 0 }

func hasConnector(d inventory.Design, o scenario.DesignOptions) bool {
	return d.Connector != nil && !o.Relay
}

// hasCommands: there is a topic whose records a design decides by.
func hasCommands(d inventory.Design, _ scenario.DesignOptions) bool { return d.Connector != nil }

func hasTokens(d inventory.Design, _ scenario.DesignOptions) bool {
	return slices.Contains(d.Options, "ttl")
}

func receipt(ok bool, format string, args ...any) string {
	if !ok {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// target is the instance that a fault strikes: the one that passed the trigger if it has the role, else
// the first that lives.
func (s *Simulation) target(f *Fault, p engine.Point) *Instance {
	if p.Actor != nil {
		if in := s.of(p.Actor.Proc); in != nil && in.role == f.Role && !in.proc.Dead() {
			return in
		}
	}
	for _, in := range s.instances {
		if in.role == f.Role && !in.proc.Dead() {
			return in
		}
	}
	return nil
}

// CommandTopic is the topic whose records the design decides by.
func (s *Simulation) CommandTopic() string {
	if c := s.c.Design.Connector; c != nil && !c.Outbox {
		return c.Topic
	}
	return model.CommandTopic
}

// topicOf is the topic that a fault names.
func (s *Simulation) topicOf(f *Fault) string {
	if f.Topic != "" {
		return f.Topic
	}
	return s.CommandTopic()
}

// skuOf is the SKU that a fault names, or else the workload's first.
func (s *Simulation) skuOf(f *Fault) model.SKU {
	if f.When.SKU != "" {
		return f.When.SKU
	}
	if skus := s.c.Workload.SKUs(); len(skus) > 0 {
		return skus[0]
	}
	return ""
}

// partitions is how many a topic has now.
func (s *Simulation) partitions(topic string) int32 {
	_, ends, _ := s.Kafka.Client("").End(s.ctx, topic) // a call outside of any actor goes through at once
	return int32(len(ends))
}
