package ledger

import (
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Design is the ledger design.
func Design() inventory.Design {
	return inventory.Design{
		Name:  "ledger",
		About: "PostgreSQL decides in per-SKU batches; everything downstream is a compare-and-set",
		Claims: []inventory.Guarantee{inventory.NoOversell, inventory.OneOutcome, inventory.ExactlyOnceEffect,
			inventory.Linearizable, inventory.NoFalseReject, inventory.Conservation, inventory.Convergence,
			inventory.NoLoss, inventory.MonotoneReads, inventory.NoBlock, inventory.BoundedMemory},
		Supports: []model.Kind{model.Reserve, model.Commit, model.Release, model.Expire, model.Restock,
			model.Adjust, model.Return, model.Transfer, model.SetLimit},
		Options:  []string{"admission", "fronts", "partitions", "workers", "batch", "group", "scan", "relay", "shed", "emit"},
		Envelope: "every fault except a PostgreSQL failover that loses an acknowledged tail; promotion opens the gate first",
		Outside:  []string{"pg-failover-async"},
		Books:    inventory.LedgerBooks,
		Topics: []inventory.Topic{{Name: model.CommandTopic}, {Name: model.StateTopic, Compact: true},
			{Name: model.DecisionTopic}, {Name: model.DeadTopic}},
		Connector: &inventory.Connector{Tables: []string{"ledger.inventory_outbox"}, Outbox: true},
		Front:     front,
		Roles: []inventory.Role{
			{Name: "worker", Always: true, New: NewWorker},
			{Name: "projection", Always: true, New: NewProjection},
			{Name: "feed", Always: true, New: feeds},
			{Name: "sweeper", Always: true, New: NewSweeper},
			{Name: "coordinator", Always: true, New: NewCoordinator},
			{Name: "heart", Always: true, New: NewHeart},
			{Name: "reconciler", Always: true, New: NewReconciler},
			{Name: "bootstrap", Always: true, New: NewBootstrap},
			{Name: "emitter", New: NewEmitter},
			{Name: "relay", New: newRelay},
		},
		Promote: NewOperator,
		Redrive: NewRedriver,
	}
}

func front(p inventory.Ports, o inventory.Options) inventory.Front {
	var a *admission
	var in inventory.Admission
	if o.Admission == inventory.Sync {
		l := NewLane(p, o)
		a, in = l.admission, l
	} else {
		i := NewIntake(p, o)
		a, in = i.admission, i
	}
	levels := &stock{truth: p.Truth, speed: p.Speed, runtime: p.Runtime, monitor: p.Monitor, partitions: o.Partitions}
	if o.Shed {
		in = &shedding{admission: a, levels: levels, ageMS: o.ShedAge.Milliseconds()}
	}
	return inventory.Front{
		Orders:  &inventory.Orders{Admission: in, Runtime: p.Runtime, Supports: Design().Supports},
		Stock:   &inventory.Stock{Monitor: p.Monitor, Source: levels},
		Process: a.gather,
	}
}

// feeds runs one feed per channel in one process.
func feeds(p inventory.Ports, o inventory.Options) port.Process {
	ps := make([]port.Process, len(o.Channels))
	for i, c := range o.Channels {
		ps[i] = NewFeed(c)(p, o)
	}
	return inventory.Together{Runtime: p.Runtime, Names: o.Channels, Processes: ps}
}

func newRelay(p inventory.Ports, o inventory.Options) port.Process {
	return inventory.Relay{Truth: p.Truth, Broker: p.Broker, Runtime: p.Runtime, Monitor: p.Monitor, Shards: 1,
		Max: o.GroupMax, Idle: o.Backoff.Base, Backoff: o.Backoff}
}
