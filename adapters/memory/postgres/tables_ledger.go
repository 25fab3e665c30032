package postgres

import (
	"cmp"
	"unicode/utf8"

	"stockproof/inventory/port"
	"stockproof/model"
)

// ledgerTables are the tables of schema ledger, with the indexes that its statements walk.
type ledgerTables struct {
	cluster    *table[int, clusterRow]
	lanes      *table[model.LaneKey, model.Lane]
	commands   *table[model.ID, port.CommandRow]
	undecided  *index[tryKey, *row[model.ID, port.CommandRow]]  // by (next_try, id)
	referring  *index[pairKey, *row[model.ID, port.CommandRow]] // undecided, by (ref, id)
	ledger     *table[ledgerKey, port.LedgerRow]
	orders     *table[model.ID, port.OrderRow]
	unsettled  *index[model.ID, *row[model.ID, port.OrderRow]] // sagas that may be due
	lines      *table[model.ID, model.Line]
	orderLines *index[lineKey, *row[model.ID, model.Line]]
	progress   *table[partKey, progressRow]
	outbox     *table[model.ID, outboxRow]
	outboxLog  *index[int64, *row[model.ID, outboxRow]] // by position
	dead       *table[port.DeadKey, port.DeadRow]
	chains     *index[chainKey, *row[port.DeadKey, port.DeadRow]]
	openDead   *index[port.DeadKey, *row[port.DeadKey, port.DeadRow]]
	heartbeat  *table[int32, beatRow]

	outboxPosition int64 // a sequence: not rolled back
}

// clusterRow is the one row that says who may write.
type clusterRow struct {
	epoch    int64
	sysid    string
	timeline int64
}

type progressRow struct {
	key         partKey
	nextOffset  int64
	leaderEpoch int32
	settledAt   int64
}

type outboxRow struct {
	port.OutboxRow
	position, xid int64
}

type beatRow struct {
	part     int32
	beat, at int64
}

type partKey struct {
	topic model.ID
	part  int32
}

func (k partKey) compare(o partKey) int {
	return cmp.Or(k.topic.Compare(o.topic), cmp.Compare(k.part, o.part))
}

type ledgerKey struct {
	lane model.LaneKey
	seq  int64
}

func (k ledgerKey) compare(o ledgerKey) int {
	return cmp.Or(k.lane.Compare(o.lane), cmp.Compare(k.seq, o.seq))
}

type tryKey struct {
	at int64
	id model.ID
}

func (k tryKey) compare(o tryKey) int {
	return cmp.Or(cmp.Compare(k.at, o.at), k.id.Compare(o.id))
}

type pairKey struct{ a, b model.ID }

func (k pairKey) compare(o pairKey) int { return cmp.Or(k.a.Compare(o.a), k.b.Compare(o.b)) }

type lineKey struct {
	order   model.ID
	line    int32
	command model.ID
}

func (k lineKey) compare(o lineKey) int {
	return cmp.Or(k.order.Compare(o.order), cmp.Compare(k.line, o.line), k.command.Compare(o.command))
}

type chainKey struct {
	chain model.ID
	key   port.DeadKey
}

func (k chainKey) compare(o chainKey) int {
	return cmp.Or(k.chain.Compare(o.chain), compareDead(k.key, o.key))
}

func compareDead(a, b port.DeadKey) int {
	return cmp.Or(a.Topic.Compare(b.Topic), cmp.Compare(a.Part, b.Part),
		cmp.Compare(a.LeaderEpoch, b.LeaderEpoch), cmp.Compare(a.Offset, b.Offset),
		cmp.Compare(a.Index, b.Index))
}

func newLedgerTables(p *Server) (t ledgerTables) {
	about := func(name string, keys int) relation {
		return relation{schema: "ledger", name: name, primary: name + "_pkey", keyColumns: keys}
	}
	t.cluster = newTable(p, about("cluster", 1), cmp.Compare[int], func(*clusterRow) int { return 1 })
	t.lanes = newTable(p, about("sku_lane", 2), model.LaneKey.Compare,
		func(l *model.Lane) model.LaneKey { return l.Key })
	t.lanes.check = checkLane
	t.lanes.seen = func(before, after *model.Lane) {
		for _, fn := range p.laneSeen {
			fn(before, after)
		}
	}
	t.lanes.undone = t.lanes.seen
	t.ledger = newTable(p, about("ledger", 3), ledgerKey.compare,
		func(r *port.LedgerRow) ledgerKey { return ledgerKey{r.Lane, r.Seq} })
	t.ledger.takenClass = port.ErrContract
	t.ledger.seen = func(_, row *port.LedgerRow) {
		for _, fn := range p.ledgerSeen {
			fn(*row)
		}
	}
	t.ledger.undone = func(gone, _ *port.LedgerRow) {
		p.undone.ledger = append(p.undone.ledger, *gone)
	}
	t.progress = newTable(p, about("progress", 2), partKey.compare,
		func(r *progressRow) partKey { return r.key })
	t.heartbeat = newTable(p, about("heartbeat", 1), cmp.Compare[int32],
		func(r *beatRow) int32 { return r.part })
	t.outbox = newTable(p, about("inventory_outbox", 1), model.ID.Compare,
		func(r *outboxRow) model.ID { return r.ID })
	t.outbox.check = func(r *outboxRow) error {
		return checkText(r.AggregateType, r.AggregateID, r.Type, r.Payload)
	}
	t.outboxLog = indexed(t.outbox, cmp.Compare[int64],
		func(r *outboxRow) (int64, bool) { return r.position, true })
	t.indexCommands(p, about("command", 1))
	t.indexOrders(p, about("orders", 1), about("order_line", 1))
	t.indexDead(p, about("dlq", 5))
	t.renderLedger()
	return t
}

func (t *ledgerTables) reset() {
	t.cluster.reset()
	t.lanes.reset()
	t.commands.reset()
	t.ledger.reset()
	t.orders.reset()
	t.lines.reset()
	t.progress.reset()
	t.outbox.reset()
	t.dead.reset()
	t.heartbeat.reset()
	t.outboxPosition = 0
}

func (t *ledgerTables) indexCommands(p *Server, about relation) {
	t.commands = newTable(p, about, model.ID.Compare,
		func(r *port.CommandRow) model.ID { return r.ID })
	t.commands.check = func(r *port.CommandRow) error {
		return checkText(string(r.Lane.SKU), string(r.Lane.Loc))
	}
	t.undecided = indexed(t.commands, tryKey.compare, func(r *port.CommandRow) (tryKey, bool) {
		return tryKey{r.NextTry, r.ID}, !r.Decision.Decided()
	})
	t.referring = indexed(t.commands, pairKey.compare, func(r *port.CommandRow) (pairKey, bool) {
		return pairKey{r.Ref, r.ID}, !r.Ref.IsZero() && !r.Decision.Decided()
	})
}

func (t *ledgerTables) indexOrders(p *Server, orders, lines relation) {
	t.orders = newTable(p, orders, model.ID.Compare, func(r *port.OrderRow) model.ID { return r.ID })
	t.orders.check = func(r *port.OrderRow) error { return checkText(r.Customer) }
	t.unsettled = indexed(t.orders, model.ID.Compare, func(r *port.OrderRow) (model.ID, bool) {
		return r.ID, r.Saga == port.SagaOpen || r.Saga == port.SagaCommitting
	})
	t.lines = newTable(p, lines, model.ID.Compare, func(l *model.Line) model.ID { return l.Command })
	t.lines.check = checkLine
	t.orderLines = indexed(t.lines, lineKey.compare, func(l *model.Line) (lineKey, bool) {
		return lineKey{l.OrderID, l.LineNo, l.Command}, !l.OrderID.IsZero()
	})
}

func (t *ledgerTables) indexDead(p *Server, about relation) {
	key := func(r *port.DeadRow) port.DeadKey {
		return port.DeadKey{Topic: r.Topic, Part: r.Part, LeaderEpoch: r.LeaderEpoch,
			Offset: r.Offset, Index: r.Index}
	}
	t.dead = newTable(p, about, compareDead, key)
	t.dead.check = func(r *port.DeadRow) error {
		return checkText(string(r.Lane.SKU), string(r.Lane.Loc), r.Err)
	}
	t.chains = indexed(t.dead, chainKey.compare, func(r *port.DeadRow) (chainKey, bool) {
		return chainKey{r.Chain, key(r)}, !r.Chain.IsZero()
	})
	t.openDead = indexed(t.dead, compareDead, func(r *port.DeadRow) (port.DeadKey, bool) {
		return key(r), r.State == port.DeadOpen
	})
}

func checkLane(l *model.Lane) error {
	switch {
	case l.OnHand < 0:
		return violates("sku_lane", "sku_lane_on_hand_check")
	case !l.Short && l.Avail() < -l.BackorderLimit:
		return violates("sku_lane", "sku_lane_promise_check")
	}
	return checkText(string(l.Key.SKU), string(l.Key.Loc))
}

func checkLine(l *model.Line) error {
	if l.Returned > l.Granted {
		return violates("order_line", "order_line_returned_check")
	}
	return checkText(string(l.Lane.SKU), string(l.Lane.Loc))
}

// violates is a refused CHECK.
func violates(table, constraint string) error {
	return &port.ConstraintError{Class: port.ErrContract, SQLState: "23514", Table: table,
		Constraint: constraint, Message: "new row violates check constraint"}
}

// checkText refuses what PostgreSQL cannot store as text.
func checkText(ss ...string) error {
	for _, s := range ss {
		bad := !utf8.ValidString(s)
		for i := 0; i < len(s) && !bad; i++ {
			bad = s[i] == 0
		}
		if bad {
			return &SQLError{State: "22021", Class: port.ErrContract,
				Message: "invalid byte sequence for encoding \"UTF8\""}
		}
	}
	return nil
}
